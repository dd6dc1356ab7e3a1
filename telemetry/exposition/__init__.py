"""`/metrics`: the totals of the whole store in the text formats of Prometheus and OpenMetrics."""
