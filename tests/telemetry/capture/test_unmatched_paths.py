"""Whatever paths are asked for, telemetry's labels stay as few as the routes."""

import random
import string
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import RequestFactory, override_settings

from telemetry.capture.units import UNMATCHED
from telemetry.middleware import TelemetryMiddleware
from telemetry.testing import Captured
from tests.telemetry.ingest import helpers
from tests.telemetry.ingest.conftest import data_dir

__all__ = ["data_dir"]
pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)

PATHS = 10_000
CARD = "4111 1111 1111 1111"
HOSTILE = [
    "/" + "a" * 20_000,
    "/" + "%" * 3_000,
    "/" + "../" * 500 + "etc/passwd",
    "/\u202e\u2028\x00\x1b[31m",
    "/\U0001f4a9" * 200,
    "/<script>alert(1)</script>",
    "/' OR 1=1; DROP TABLE telemetry_name; --",
    "//elsewhere.example/",
    f"/{CARD}",
    f"/{CARD.replace(' ', '')}/refund",
    f"/{CARD.replace(' ', '%20')}",
    "/%E4%ZZ%",
    "/.git/config",
    "/wp-login.php",
]


def paths() -> Iterator[str]:
    """Random and hostile ones; the same in each run."""
    chance = random.Random(20_261_125)
    signs = string.ascii_letters + string.digits + "-._~%/\u00e9\u4e2d\U0001f4a9"
    yield from HOSTILE
    for number in range(PATHS - len(HOSTILE)):
        word = "".join(chance.choices(signs, k=chance.randrange(1, 60)))
        yield f"/{chance.choice(['', 'x/', 'shop/'])}{number}{word}"


def ask(url_path: str) -> HttpRequest:
    request = RequestFactory().get(quote(url_path, safe="/%"))
    # As a server hands it over: unquoted, whatever it was.
    request.path = request.path_info = url_path
    return request


@pytest.fixture
def site() -> Iterator[TelemetryMiddleware]:
    """The project's routes behind telemetry's middleware alone."""
    with override_settings(MIDDLEWARE=[]):
        handler = BaseHandler()
        handler.load_middleware()

        def answer(request: HttpRequest) -> HttpResponseBase:
            return handler.get_response(request)

        yield TelemetryMiddleware(answer)


@pytest.fixture
def asked(
    site: TelemetryMiddleware, telemetry_capture: Captured, caplog: pytest.LogCaptureFixture
) -> Captured:
    # Past the first of them, "Not Found: /path" is of no more interest here, and slow to print.
    quiet = len(HOSTILE) + 500
    for number, path in enumerate(paths()):
        if number == quiet:
            caplog.set_level("CRITICAL", "django.request")
        assert site(ask(path)).status_code == 404  # type: ignore[union-attr]
    return telemetry_capture


def test_ten_thousand_paths_make_one_label_and_no_new_rows(asked: Captured, data_dir: Path) -> None:
    requests = asked.requests
    assert len(requests) == PATHS
    assert {request.route for request in requests} == {UNMATCHED}
    labels = {tuple(sorted(sample[2].items())) for sample in asked.samples}
    assert len(labels) <= 1
    text = repr(asked.events)
    assert CARD not in text
    assert CARD.replace(" ", "") not in text
    helpers.emit(requests[0], asked.logs[0])
    helpers.drain()
    before = counts()
    helpers.emit(*requests[1:], *asked.logs[1:])
    helpers.drain()
    assert counts() == before
    assert helpers.rows("SELECT count(*) FROM telemetry_request") == [(PATHS,)]


def counts() -> dict[str, int]:
    """How many names and series the store has."""
    tables = ("telemetry_name", "telemetry_series", "telemetry_metric")
    return {
        table: int(str(helpers.rows(f"SELECT count(*) FROM {table}")[0][0])) for table in tables
    }
