"""What the variants set up in code rather than in settings."""

import logging
import os
from pathlib import Path
from typing import Any


def install(variant: str) -> None:
    """Before Django's application is made."""
    if variant in ("opentelemetry", "opentelemetry-full"):
        _opentelemetry(logs=variant == "opentelemetry-full")
    elif variant == "sentry":
        _sentry()
    elif variant == "django-structlog":
        _structlog()


class _Discard:
    """Encodes as an exporter to the network would, and sends nothing."""

    def __init__(self, encode: Any, result: Any) -> None:
        self._encode = encode
        self._result = result

    def export(self, batch: Any) -> Any:
        self._encode(batch).SerializeToString()
        return self._result

    def shutdown(self) -> None:
        """Nothing to close."""

    def force_flush(self, timeout_millis: int = 0) -> bool:
        return True


def _opentelemetry(*, logs: bool) -> None:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

    provider = TracerProvider()
    exporter: Any = _Discard(encode_spans, SpanExportResult.SUCCESS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument()
    SQLite3Instrumentor().instrument()
    if logs:
        from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
        from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExportResult

        logger_provider = LoggerProvider()
        sender: Any = _Discard(encode_logs, LogRecordExportResult.SUCCESS)
        logger_provider.add_log_record_processor(BatchLogRecordProcessor(sender))
        logging.getLogger().addHandler(LoggingHandler(logger_provider=logger_provider))


def _sentry() -> None:
    import sentry_sdk
    from sentry_sdk.transport import Transport

    class Local(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            envelope.serialize()

    sentry_sdk.init(
        dsn="http://key@127.0.0.1:9/1", traces_sample_rate=1.0, transport=Local, enable_logs=True
    )


def _structlog() -> None:
    import structlog

    folder = Path(os.environ["BENCH_FOLDER"])
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.FileHandler(folder / "app.jsonl")
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=structlog.processors.JSONRenderer())
    )
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel("INFO")
