"""Settings of the fintech project. Everything mutable lives below DATA_DIR; see docs/settings.md."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from fintech import env, secret

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.folder("FINTECH_DATA_DIR", BASE_DIR / "var")
PORT = env.integer("PORT", 8000, minimum=1, maximum=65535)

# --- Django ---------------------------------------------------------------------------------------
DEBUG = env.boolean("FINTECH_DEBUG", True)
ALLOWED_HOSTS = env.words("FINTECH_ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
SECRET_KEY = secret.key(DATA_DIR, debug=DEBUG)

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
    "django_q",
]

MIDDLEWARE = [
    "telemetry.middleware.TelemetryMiddleware",
    "django.middleware.security.SecurityMiddleware",
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
        "TEST": {"NAME": DATA_DIR / "test-telemetry.sqlite3"},
    },
}
DATABASE_ROUTERS = ["telemetry.router.TelemetryRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Telemetry ------------------------------------------------------------------------------------
TELEMETRY = {
    "DATA_DIR": DATA_DIR,
    "INGEST": env.choice("TELEMETRY_INGEST", "auto", ["auto", "external", "off"]),
    "APP_VERSION": env.text("APP_VERSION", "dev"),
}

# --- Payments API ---------------------------------------------------------------------------------
# (owned by transactions: gateway profile, REST_FRAMEWORK, SPECTACULAR_SETTINGS)
GATEWAY_PROFILE = env.choice(
    "GATEWAY_PROFILE", "instant", ["instant", "realistic", "flaky", "seed"]
)
REST_FRAMEWORK: dict[str, object] = {}
SPECTACULAR_SETTINGS = {"TITLE": "Fintech payments API", "VERSION": "1.0.0"}

# --- Background work ------------------------------------------------------------------------------
Q_CLUSTER = {
    "name": "fintech",
    "orm": "default",
    "workers": 1,
    "poll": 1,
    "timeout": 120,
    "retry": 180,
    "catch_up": False,
    "save_limit": 500,
    "label": "Background tasks",
}

# --- Logging --------------------------------------------------------------------------------------
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:<7} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
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

if not DEBUG and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("FINTECH_ALLOWED_HOSTS is empty. Name the hosts this site answers.")
