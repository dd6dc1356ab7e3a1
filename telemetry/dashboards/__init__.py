"""Pictures of the store: timestamped PNG files, drawn with matplotlib (an optional extra).

`draw` makes a set of them; what they show comes from `telemetry.queries.images`.
"""
