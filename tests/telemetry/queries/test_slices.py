"""What is read of slices is what their series add up to."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from telemetry.conf import settings
from telemetry.ingest.names import Names
from telemetry.ingest.rollup import Rollup
from telemetry.models import Bucket, Slice, SliceMember
from telemetry.queries import courses, overview, series
from telemetry.queries.buckets import Grid

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
NOW = datetime.now(UTC).replace(microsecond=0)
LATENCY, REQUESTS = overview.DURATION, overview.REQUESTS


def serve(*requests: tuple[str, str, int, float, datetime]) -> None:
    """Method, route, status, seconds and moment of each, as ingest writes them."""
    connection = connections[settings.DATABASE]
    connection.ensure_connection()
    names, rollup = Names(), Rollup()
    for method, route, status, seconds, at in requests:
        labels = {"method": method, "route": route}
        moment = int(at.timestamp() * 1_000_000)
        for kind, name, more, value in (
            ("c", REQUESTS, {"status": str(status)}, 1.0),
            ("h", LATENCY, {"status_class": f"{status // 100}xx"}, seconds),
        ):
            one = names.series(connection.connection, kind, name, labels | more)
            rollup.add(kind, one, moment, value)
    rollup.write(connection.connection)


@pytest.fixture(autouse=True)
def served() -> None:
    chance = random.Random(5)
    serve(
        *(
            (
                chance.choice(["GET", "POST"]),
                chance.choice(["pay/", "refund/", "list/"]),
                chance.choice([200, 201, 404, 500, 503]),
                # Of values that floats add up without rounding, in whatever order.
                chance.randint(1, 200) / 64,
                NOW - timedelta(hours=chance.uniform(0, 20 * 24)),
            )
            for _ in range(400)
        )
    )


def without_slices() -> None:
    for model in (Slice, SliceMember):
        model.objects.using(settings.DATABASE).all().delete()


def ask(name: str, days: int = 18, **how: Any) -> Callable[[], object]:
    return lambda: series.query(name, start=NOW - timedelta(days=days), end=NOW, **how)


READS = {
    "counter by status": ask(REQUESTS, by=["status"]),
    "counter by route": ask(REQUESTS, by=["route"], days=6),
    "counter of one route": ask(REQUESTS, by=[], labels={"route": "pay/"}),
    "counter by route, of one": ask(REQUESTS, by=["route"], labels={"route": "pay/"}),
    "counter by status of a route": ask(REQUESTS, by=["status"], labels={"route": "pay/"}),
    "counter by two": ask(REQUESTS, by=["route", "status"]),
    "counter by minutes": ask(REQUESTS, by=["status"], days=1, step=300),
    "quantiles by route": ask(LATENCY, by=["route"], quantiles=[0, 0.5, 0.95, 1]),
    "quantiles of one route": ask(LATENCY, by=[], labels={"route": "pay/"}, quantiles=[0.5]),
    # What is told of a step that still runs changes by the second.
    "chart by status": lambda: courses.told(
        REQUESTS, NOW - timedelta(days=9), NOW - timedelta(days=1), ["status"]
    ),
    "overview": lambda: overview.overview(NOW - timedelta(days=15), NOW),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_the_answer_is_that_of_the_series(read: Callable[[], object]) -> None:
    told = read()
    without_slices()
    assert told == read()


@pytest.mark.parametrize(
    ("read", "uses"),
    [
        ("counter by status", True),
        ("counter of one route", True),
        ("quantiles by route", True),
        ("overview", True),
        ("counter by status of a route", False),
        ("counter by two", False),
        ("counter by minutes", False),
    ],
)
def test_slices_are_read_where_they_are_just_what_was_asked_for(read: str, uses: bool) -> None:
    before = READS[read]()
    Bucket.objects.using(settings.DATABASE).filter(series_id__lt=-(1 << 40)).delete()
    assert (READS[read]() != before) == uses


def test_a_new_value_of_a_label_is_one_of_them() -> None:
    serve(("GET", "new/", 200, 0.5, NOW - timedelta(hours=3)))
    told = series.query(REQUESTS, start=NOW - timedelta(days=18), end=NOW, by=["route"])
    assert [one.labels["route"] for one in told.series] == ["list/", "new/", "pay/", "refund/"]


def test_a_grid_knows_its_steps() -> None:
    assert Grid(60, 0, 600, 120).steps == 5
    assert Grid(60, 60, 600, 120).steps == 5
