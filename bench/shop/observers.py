"""What two of the variants set up in code rather than in settings."""

from collections import Counter
from typing import Any

# What the exporters were given, by kind, since the process began.
exported: Counter[str] = Counter()
# The newest value of each metric that OpenTelemetry exported: how many observations it tells of.
exported_metrics: dict[str, int] = {}


def install(variant: str) -> None:
    """Before Django's application is made."""
    if variant.startswith("opentelemetry"):
        _opentelemetry(full=variant == "opentelemetry-full")
    elif variant == "sentry":
        _sentry()


def flush(variant: str) -> None:
    """Hand over what waits in the observers' queues."""
    if variant.startswith("opentelemetry"):
        from opentelemetry import _logs, metrics, trace

        for getter in (
            trace.get_tracer_provider,
            metrics.get_meter_provider,
            _logs.get_logger_provider,
        ):
            provider: Any = getter()
            if hasattr(provider, "force_flush"):
                provider.force_flush()
    elif variant == "sentry":
        import sentry_sdk

        sentry_sdk.flush()


def forget(variant: str) -> None:
    """Count from here on: making the tables was observed too."""
    flush(variant)
    exported.clear()


class _Discard:
    """Encodes as an exporter to the network would, and sends nothing."""

    def __init__(self, kind: str, encode: Any, result: Any) -> None:
        self._kind = kind
        self._encode = encode
        self._result = result

    def export(self, batch: Any, **kwargs: Any) -> Any:
        self._encode(batch).SerializeToString()
        exported[self._kind] += len(batch)
        return self._result

    def shutdown(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to close."""

    def force_flush(self, timeout_millis: int = 0) -> bool:
        return True


def _opentelemetry(*, full: bool) -> None:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

    provider = TracerProvider()
    exporter: Any = _Discard("spans", encode_spans, SpanExportResult.SUCCESS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    if full:
        # Before the instrumentation, which asks for its meter.
        _opentelemetry_metrics()
        _opentelemetry_logs()
    DjangoInstrumentor().instrument()
    SQLite3Instrumentor().instrument()


def _opentelemetry_logs() -> None:
    # The settings' LOGGING has the handler: Django would remove one that is added here.
    from opentelemetry import _logs
    from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExportResult

    provider = LoggerProvider()
    exporter: Any = _Discard("logs", encode_logs, LogRecordExportResult.SUCCESS)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    _logs.set_logger_provider(provider)


def _opentelemetry_metrics() -> None:
    from opentelemetry import metrics
    from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import (
        MetricExporter,
        MetricExportResult,
        MetricsData,
        PeriodicExportingMetricReader,
    )

    class Discard(MetricExporter):
        def export(self, metrics_data: MetricsData, *args: Any, **kwargs: Any) -> Any:
            encode_metrics(metrics_data).SerializeToString()
            _note_metrics(metrics_data)
            return MetricExportResult.SUCCESS

        def shutdown(self, *args: Any, **kwargs: Any) -> None:
            """Nothing to close."""

        def force_flush(self, timeout_millis: float = 0) -> bool:
            return True

    reader = PeriodicExportingMetricReader(Discard())
    metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))


def _note_metrics(data: Any) -> None:
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                exported_metrics[metric.name] = sum(
                    getattr(point, "count", None) or getattr(point, "value", 0)
                    for point in metric.data.data_points
                )


def _sentry() -> None:
    import sentry_sdk
    from sentry_sdk.transport import Transport

    class Local(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            envelope.serialize()
            for item in envelope.items:
                exported[item.type] += item.headers.get("item_count", 1)

    sentry_sdk.init(
        dsn="http://key@127.0.0.1:9/1", traces_sample_rate=1.0, transport=Local, enable_logs=True
    )
