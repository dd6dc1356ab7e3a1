"""Settings of the measured site; BENCH_VARIANT chooses what observes it."""

import os
from pathlib import Path
from typing import Any

VARIANT = os.environ.get("BENCH_VARIANT", "bare")
FOLDER = Path(os.environ.get("BENCH_FOLDER", "."))
SECRET_KEY = "bench " * 10
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bench.shop.views"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "bench.shop",
]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
REST_FRAMEWORK = {"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
STATIC_URL = "static/"
_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / "shop.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": _PRAGMAS},
    }
}
# Every variant makes the two records; in `bare` nobody takes them.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"none": {"class": "logging.NullHandler"}},
    "root": {"handlers": ["none"], "level": "INFO"},
}
# The library's own way to keep a log file from growing for ever.
_ROTATED = {
    "class": "logging.handlers.RotatingFileHandler",
    "maxBytes": 64 * 1024 * 1024,
    "backupCount": 14,
}


def _log_to_file(formatter: dict[str, Any], **handler: Any) -> None:
    LOGGING["formatters"] = {"json": formatter}
    LOGGING["handlers"]["file"] = {
        "class": "logging.FileHandler",
        "filename": FOLDER / "app.jsonl",
        "formatter": "json",
        **handler,
    }
    LOGGING["root"]["handlers"] = ["file"]


if VARIANT.startswith("telemetry"):
    INSTALLED_APPS.insert(0, "telemetry")
    MIDDLEWARE.insert(0, "telemetry.middleware.TelemetryMiddleware")
    DATABASES["telemetry"] = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / "telemetry.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
    }
    # The rest are the defaults: redaction, spans of slow requests and of one in a hundred.
    TELEMETRY = {
        "DATA_DIR": FOLDER,
        "INGEST": "external",
        "LOG_FILES": VARIANT == "telemetry-log-files",
    }
elif VARIANT in ("django-prometheus", "django-prometheus-wrappers"):
    INSTALLED_APPS.append("django_prometheus")
    MIDDLEWARE.insert(0, "django_prometheus.middleware.PrometheusBeforeMiddleware")
    MIDDLEWARE.append("django_prometheus.middleware.PrometheusAfterMiddleware")
    PROMETHEUS_EXPORT_MIGRATIONS = False
    if VARIANT.endswith("wrappers"):
        DATABASES["default"]["ENGINE"] = "django_prometheus.db.backends.sqlite3"
elif VARIANT in ("json-logger", "json-logger-rotated"):
    from bench.shop.jsonlog import FIELDS

    MIDDLEWARE.insert(0, "bench.shop.jsonlog.JsonLogMiddleware")
    LOGGING["filters"] = {"id": {"()": "bench.shop.jsonlog.RequestIdFilter"}}
    _log_to_file(
        {"()": "pythonjsonlogger.json.JsonFormatter", "fmt": FIELDS, "timestamp": True},
        filters=["id"],
        **(_ROTATED if VARIANT == "json-logger-rotated" else {}),
    )
elif VARIANT == "json-logger-minimal":
    MIDDLEWARE.insert(0, "bench.shop.jsonlog.MinimalMiddleware")
    _log_to_file({"()": "pythonjsonlogger.json.JsonFormatter"})
elif VARIANT == "django-structlog":
    import structlog

    INSTALLED_APPS.append("django_structlog")
    MIDDLEWARE.insert(0, "django_structlog.middlewares.RequestMiddleware")
    # As its documentation sets it up.
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            structlog.processors.UnicodeDecoder(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    _log_to_file(
        {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.JSONRenderer(),
        }
    )
elif VARIANT == "opentelemetry-full":
    LOGGING["handlers"]["otel"] = {"class": "opentelemetry.sdk._logs.LoggingHandler"}
    LOGGING["root"]["handlers"] = ["otel"]
elif VARIANT == "silk":
    INSTALLED_APPS += ["django.contrib.sessions", "silk"]
    MIDDLEWARE.insert(0, "silk.middleware.SilkyMiddleware")
elif VARIANT == "naive":
    MIDDLEWARE.insert(0, "bench.shop.naive.NaiveMiddleware")
