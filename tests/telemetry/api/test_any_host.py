"""Whatever a host has in its REST_FRAMEWORK setting, and without the optional packages."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# A project with other defaults than ours in all that DRF can be told.
HOST = """
import django, sys
from django.conf import settings
for name in {hidden!r}:
    sys.modules[name] = None
settings.configure(
    DEBUG=False, SECRET_KEY="x" * 50, ALLOWED_HOSTS=["*"], ROOT_URLCONF="telemetry.urls",
    USE_TZ=True, TIME_ZONE="Pacific/Auckland",
    INSTALLED_APPS=["telemetry", "django.contrib.auth", "django.contrib.contenttypes",
                    "django.contrib.sessions", {apps}],
    MIDDLEWARE=["telemetry.middleware.TelemetryMiddleware",
                "django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.auth.middleware.LoginRequiredMiddleware"],
    DATABASES={{alias: {{"ENGINE": "django.db.backends.sqlite3", "NAME": "{folder}/" + alias}}
               for alias in ("default", "telemetry")}},
    DATABASE_ROUTERS=["telemetry.router.TelemetryRouter"],
    TELEMETRY={{"DATA_DIR": "{folder}", "INGEST": "off", "METRICS_TOKEN": "0123456789abcdef"}},
    REST_FRAMEWORK={{
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.StaticHTMLRenderer"],
        "DEFAULT_PARSER_CLASSES": [],
        "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"],
        "DEFAULT_THROTTLE_RATES": {{"anon": "1/day"}},
        "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.AcceptHeaderVersioning",
        "ALLOWED_VERSIONS": ["7"], "DEFAULT_VERSION": "8",
        "EXCEPTION_HANDLER": "no.such.handler",
        "DATETIME_FORMAT": "%d.%m.%y", "UNICODE_JSON": True, "STRICT_JSON": False,
    }},
)
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
call_command("migrate", database="telemetry", verbosity=0)
from django.contrib.auth.models import User
boss = User.objects.create_superuser("boss")
client = Client(raise_request_exception=False)
{ask}
"""


def host(folder: Path, ask: str, hidden: tuple[str, ...] = (), apps: str = "") -> list[str]:
    """The lines that a program in such a project prints."""
    program = HOST.format(folder=folder, ask=textwrap.dedent(ask), hidden=hidden, apps=apps)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


ASK = """
for _ in range(3):
    answer = client.get("/api/telemetry/requests/")
    print(answer.status_code, answer["Content-Type"])
client.force_login(boss)
for path in ("requests/", "metrics/", "requests/?status=x"):
    answer = client.get("/api/telemetry/" + path)
    print(answer.status_code, answer["Content-Type"])
print(Client(headers={"Authorization": "Bearer 0123456789abcdef"}).get("/metrics").status_code)
"""


@pytest.mark.parametrize(
    ("apps", "closed"),
    [("'rest_framework', 'rest_framework.authtoken'", "401"), ("", "403")],
)
def test_nothing_is_left_to_the_defaults_of_the_host(
    tmp_path: Path, apps: str, closed: str
) -> None:
    assert host(tmp_path, ASK, apps=apps) == [
        *[f"{closed} application/problem+json"] * 3,
        "200 application/json",
        "200 application/json",
        "400 application/problem+json",
        "200",
    ]


def test_it_needs_no_openapi_package(tmp_path: Path) -> None:
    assert host(tmp_path, ASK, hidden=("drf_spectacular",))[3] == "200 application/json"


def test_without_drf_it_says_what_to_install(tmp_path: Path) -> None:
    said = host(
        tmp_path,
        """
        answer = client.get("/api/telemetry/requests/")
        print(answer.status_code, answer.text)
        """,
        hidden=("rest_framework",),
    )
    assert said[0].startswith("501")
    assert 'pip install "django-sqlite-telemetry[drf]"' in said[0]
