"""Configuration for `gunicorn -c fintech/gunicorn_conf.py`; the names are gunicorn's settings."""

import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

chdir = str(Path(__file__).resolve().parent.parent)
sys.path.insert(0, chdir)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fintech.settings")

try:
    from fintech import settings
except ImproperlyConfigured as error:
    # One line here, instead of a traceback from each worker.
    raise SystemExit(f"Error: {error}") from None

wsgi_app = "fintech.wsgi:application"
bind = [os.environ.get("WEB_BIND") or f"{settings.HOST}:{settings.PORT}"]
workers = settings.WEB_WORKERS
# SQLite admits one writer at a time, so a few threads a worker keep it busy.
worker_class = "gthread"
threads = settings.WEB_THREADS
timeout = 30
graceful_timeout = 8
keepalive = 5
# Telemetry records every request; an access log would tell it twice.
accesslog = None
loglevel = "warning"
logger_class = "fintech.gunicorn_log.Logger"
proc_name = "fintech-web"
control_socket_disable = True
# A worker's heartbeat file on a disk can block for longer than the time-out.
_memory = "/dev/shm"  # noqa: S108 (gunicorn unlinks the file as soon as it is open)
worker_tmp_dir = _memory if os.access(_memory, os.W_OK) else None
