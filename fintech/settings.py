"""Settings of the fintech project. All that changes lives below DATA_DIR; see docs/settings.md."""

import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from fintech import env, secret

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.folder("FINTECH_DATA_DIR", BASE_DIR / "var")
HOST = env.text("FINTECH_HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, minimum=1, maximum=65535)
WEB_WORKERS = env.integer("WEB_WORKERS", 2, minimum=1, maximum=64)
WEB_THREADS = env.integer("WEB_THREADS", 4, minimum=1, maximum=64)

# --- Django ---------------------------------------------------------------------------------------
DEBUG = env.boolean("FINTECH_DEBUG", True)
ALLOWED_HOSTS = env.words("FINTECH_ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
SECRET_KEY = secret.key(DATA_DIR, debug=DEBUG)

# Everything below follows from TLS in front of the site; FINTECH_TLS=0 is for a trusted network.
TLS = env.boolean("FINTECH_TLS", not DEBUG)
SECURE_SSL_REDIRECT = TLS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = TLS
SECURE_HSTS_PRELOAD = TLS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
if not DEBUG and not TLS:
    # Chosen by FINTECH_TLS=0, so the deployment check need not repeat it.
    SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016"]

# Nothing but this site's own files: no inline script, no inline style, no frame around a page.
CONTENT_SECURITY_POLICY: dict[str, object] = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "telemetry",
    "transactions",
    "fintech",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "django_q",
]

MIDDLEWARE = [
    "telemetry.middleware.TelemetryMiddleware",
    "fintech.health.health",
    "django.middleware.security.SecurityMiddleware",
    "fintech.policy.CspOfPagesMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "fintech.urls"
WSGI_APPLICATION = "fintech.wsgi.application"
ASGI_APPLICATION = "fintech.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Databases: money and telemetry never share a file --------------------------------------------
# IMMEDIATE: a deferred transaction that reads and then writes fails at once when another wrote
# meanwhile, whatever the timeout. FULL: money that was answered for survives power loss.
_MONEY_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "db.sqlite3",
        # Each close of a WAL connection checkpoints: reconnecting per request doubles its cost.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": _MONEY_PRAGMAS,
        },
        "TEST": {"NAME": DATA_DIR / "test-db.sqlite3"},
    },
    "telemetry": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "telemetry.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
        "TEST": {"NAME": DATA_DIR / "test-telemetry.sqlite3", "DEPENDENCIES": []},
    },
}
DATABASE_ROUTERS = ["telemetry.router.TelemetryRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Telemetry ------------------------------------------------------------------------------------
TELEMETRY = {
    "DATA_DIR": DATA_DIR,
    "INGEST": env.choice("TELEMETRY_INGEST", "auto", ["auto", "external", "off"]),
    "APP_VERSION": env.text("APP_VERSION", "dev"),
    "IGNORE_COMMANDS": ["demo"],
    # For the scraper of /metrics; without one the page is for staff alone.
    "METRICS_TOKEN": env.secret("METRICS_TOKEN", minimum=16),
    "LOAD_RESULTS_DIR": env.text("LOAD_RESULTS_DIR", str(BASE_DIR / "loadtests" / "results")),
}

# --- Payments API ---------------------------------------------------------------------------------
# Behaviours of the sandbox gateway. Latencies in seconds; rates are shares of all orders. An error
# gives the money back, a time-out leaves the order pending for `manage.py reconcile_pending`.
GATEWAY_PROFILES: dict[str, dict[str, object]] = {
    "instant": {"latency": {"distribution": "constant", "seconds": 0}},
    "realistic": {
        "latency": {"distribution": "lognormal", "median": 0.08, "sigma": 0.6},
        "decline_rate": 0.03,
        "error_rate": 0.01,
        "timeout_rate": 0.001,
    },
    "flaky": {
        "latency": {"distribution": "lognormal", "median": 0.3, "sigma": 1.0},
        "decline_rate": 0.05,
        "error_rate": 0.1,
        "timeout_rate": 0.05,
    },
    "seed": {
        "latency": {"distribution": "uniform", "low": 0.1, "high": 2.0},
        "error_rate": 0.1,
    },
}
GATEWAY_PROFILE = env.choice("GATEWAY_PROFILE", "instant", GATEWAY_PROFILES)
# What becomes of an order follows from this and its reference; by default from the signing key.
GATEWAY_SEED = env.text("GATEWAY_SEED", "")
API_RATE = env.text("API_RATE", "600/min")
if re.fullmatch(r"[1-9][0-9]{0,8}/(s|sec|second|m|min|minute|h|hour|d|day)", API_RATE) is None:
    raise ImproperlyConfigured(
        f"API_RATE={API_RATE!r} is not a rate. Write it as 600/min; units: sec, min, hour, day."
    )
# An order is a few hundred bytes; nothing is parsed beyond this.
API_MAX_BODY_BYTES = 65_536
# Seconds for which an answered Idempotency-Key is kept at least.
IDEMPOTENCY_TTL = 24 * 3600
REST_FRAMEWORK: dict[str, object] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["transactions.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_THROTTLE_CLASSES": ["transactions.api.throttling.ApiRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"api": API_RATE},
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "transactions.api.problems.handle",
}
# Who may read the API's documentation and its schema: API_DOCS → DRF's permission.
_DOCS_READERS = {"staff": "IsAdminUser", "users": "IsAuthenticated", "all": "AllowAny"}
API_DOCS = env.choice("API_DOCS", "staff", _DOCS_READERS)
SPECTACULAR_SETTINGS: dict[str, object] = {
    "TITLE": "Fintech payments API",
    "DESCRIPTION": "Accounts, payments, transfers, deposits and withdrawals over a ledger.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [f"rest_framework.permissions.{_DOCS_READERS[API_DOCS]}"],
    # People come with a session, programs with a token; the first one says how to sign in.
    "SERVE_AUTHENTICATION": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    # From the package, not from a CDN: the documentation works without the internet.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "ENUM_NAME_OVERRIDES": {
        "CurrencyEnum": "transactions.currencies.CHOICES",
        "TransactionTypeEnum": "transactions.models.Transaction.Type",
        "TransactionStatusEnum": "transactions.models.Transaction.Status",
    },
}

# --- Background work ------------------------------------------------------------------------------
Q_CLUSTER = {
    "name": "fintech",
    "orm": "default",
    "workers": 1,
    "poll": 1,
    "timeout": 120,
    "retry": 180,
    "catch_up": False,
    # So many results of each schedule: the hourly ones must outlast those of every minute.
    "save_limit": 100,
    "save_limit_per": "group",
    # A failed run is told, and its schedule comes round again: trying it at once, for good, would
    # leave no room for the others.
    "ack_failures": True,
    "label": "Background tasks",
}

# --- Logging --------------------------------------------------------------------------------------
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", env.LOG_LEVELS)
# Readable lines at a desk, one JSON object a record where a machine reads them.
LOG_FORMAT = env.choice("LOG_FORMAT", "line" if DEBUG else "json", ["line", "json"])
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "fintech.logs.ConsoleFormatter"},
        "json": {"()": "telemetry.capture.console.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # Django's own handlers would write each of its records a second time.
    # The cluster's own comings and goings are of no interest until something is wrong.
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL},
        # runserver's access lines, whose own format knows nothing of redaction.
        "django.server": {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False},
        "django-q": {"level": "WARNING"},
        # LOG_LEVELS="transactions=DEBUG,django.db=WARNING" sets single loggers, and all below them.
        **{name: {"level": level} for name, level in env.levels("LOG_LEVELS").items()},
    },
}

# --- The rest -------------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
# In development files are served from where they lie; in production from STATIC_ROOT, with hashes
# in their names, so that browsers may keep them for good.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
# Source maps are five megabytes that only a debugger asks for: compressing them took most of the
# 20 seconds that a start needed.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (
    *("jpg", "jpeg", "png", "gif", "webp", "zip", "gz", "br", "woff", "woff2"),
    "map",
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("FINTECH_ALLOWED_HOSTS names no host. Name those this site answers.")
