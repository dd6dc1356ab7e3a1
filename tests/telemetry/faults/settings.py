"""The smallest site with telemetry: processes of it start fast. FAULTS_DIR is its data folder."""

import json
import os
from pathlib import Path

# Puts a sound SQLite in the place of an affected one, as the project does.
import fintech  # noqa: F401

DATA_DIR = Path(os.environ["FAULTS_DIR"])
SECRET_KEY = "not a secret"
ALLOWED_HOSTS = ["*"]
DEBUG = False
USE_TZ = True
INSTALLED_APPS = ["telemetry"]
MIDDLEWARE = ["telemetry.middleware.TelemetryMiddleware"]
ROOT_URLCONF = os.environ.get("FAULTS_URLS", "tests.telemetry.faults.site")
WSGI_APPLICATION = "tests.telemetry.faults.wsgi.application"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
    "telemetry": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "db" / "telemetry.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
    },
}
# Small segments and log files, so that a few records see every kind of file come and go.
TELEMETRY = {
    "DATA_DIR": DATA_DIR,
    "SEGMENT_BYTES": 6_000,
    "LOG_FILE_BYTES": 20_000,
    "LOG_FILES_KEEP": 1_000_000,
    "BATCH_RECORDS": 10,
    "POLL_SECONDS": 0.02,
    **json.loads(os.environ.get("FAULTS_TELEMETRY", "{}")),
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"none": {"class": "logging.NullHandler"}},
    "root": {"level": "INFO", "handlers": ["none"]},
}
# Imported by capture where it is installed; it warns of its defaults.
Q_CLUSTER = {"orm": "default", "timeout": 60, "retry": 120}
