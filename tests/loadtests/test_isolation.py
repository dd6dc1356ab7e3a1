"""The load generator knows nothing of Django, and the site nothing of the load generator."""

import subprocess
import sys

from tests.site import ROOT

FORBIDDEN = ("django", "telemetry", "transactions", "fintech", "rest_framework")


def test_the_locustfile_imports_no_django() -> None:
    code = (
        "import runpy, sys; runpy.run_path('loadtests/locustfile.py'); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert {"locust", "loadtests"} <= loaded
    assert not loaded & set(FORBIDDEN)


def test_the_site_imports_no_locust() -> None:
    code = (
        "import django, sys; django.setup(); import fintech.urls, fintech.demo; "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not set(done.stdout.split()) & {"locust", "gevent", "loadtests"}
