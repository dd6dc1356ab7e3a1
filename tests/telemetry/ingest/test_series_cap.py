"""A metric has only so many series; what comes with other labels is added up in one more."""

import json
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.test import override_settings

from telemetry.conf import settings
from telemetry.ingest.names import OVERFLOW, Names
from telemetry.ingest.worker import Worker
from telemetry.journal import events
from telemetry.management.commands.telemetry_status import lines
from telemetry.queries.status import status
from tests.telemetry.ingest.helpers import START, drain, emit, fallen, rows, unit

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])


@pytest.fixture(autouse=True)
def _three_series(data_dir: Path) -> object:
    with override_settings(TELEMETRY={**django_settings.TELEMETRY, "METRIC_SERIES_MAX": 3}):
        yield


def sold(*shops: int) -> events.SamplesMade:
    """One sale in each shop."""
    return events.SamplesMade(
        None, START, [("c", "sold_total", {"shop": str(shop)}, 1.0) for shop in shops]
    )


def counts(metric: str) -> dict[str, int]:
    """Labels of each series → its observations."""
    found = rows(
        "SELECT s.labels, sum(count) FROM telemetry_series s"
        " JOIN telemetry_metric m ON m.id = s.metric_id"
        " JOIN telemetry_bucket b ON b.series_id = s.id AND resolution = 10"
        " WHERE m.name = ? GROUP BY s.labels",
        metric,
    )
    return {str(labels): int(str(count)) for labels, count in found}


FULL = {'{"shop":"1"}': 2, '{"shop":"2"}': 1, '{"shop":"3"}': 2, json.dumps(OVERFLOW): 3}
FULL = {labels.replace(": ", ":"): count for labels, count in FULL.items()}


def test_beyond_the_cap_there_is_one_more_series(data_dir: Path) -> None:
    emit(sold(1, 2, 3, 4, 5, 1, 6, 3))
    drain()
    assert counts("sold_total") == FULL


def test_the_count_is_the_stores_so_a_restart_changes_nothing(data_dir: Path) -> None:
    for shops in ((1, 2), (3, 4), (5,), (1, 6, 3)):
        emit(sold(*shops))
        drain()
    assert counts("sold_total") == FULL


def test_what_a_rollback_took_back_leaves_its_room(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit(sold(1, 2, 3))
    worker = Worker()
    with monkeypatch.context() as patch:
        patch.setattr("telemetry.ingest.rollup.Rollup.write", _fail)
        with pytest.raises(MemoryError):
            worker.drain()
    assert counts("sold_total") == {}
    worker.drain()
    worker.close()
    assert counts("sold_total") == {f'{{"shop":"{n}"}}': 1 for n in (1, 2, 3)}


def _fail(*_: object) -> None:
    raise MemoryError


def test_each_metric_has_its_own_room_built_in_ones_too(data_dir: Path) -> None:
    emit(sold(1, 2, 3), *(unit(n, route=f"r{n}/") for n in range(1, 6)))
    drain()
    assert len(counts("sold_total")) == 3
    for name in ("http_server_requests_total", "http_server_request_duration_seconds"):
        found = counts(name)
        assert len(found) == 4
        assert found['{"otel_metric_overflow":"true"}'] == 2
    overflown = "SELECT id FROM telemetry_series WHERE labels LIKE '%overflow%'"
    found_fallen = fallen(f"resolution = 3600 AND series_id IN ({overflown})")
    assert sum(sum(counts.values()) for counts in found_fallen.values()) == 2


def test_methods_that_anybody_may_make_up_share_one_label(data_dir: Path) -> None:
    emit(*(unit(n, method=method) for n, method in enumerate(("GET", "X1", "X2"), 1)))
    drain()
    found = [json.loads(labels)["method"] for labels in counts("http_server_requests_total")]
    assert sorted(found) == ["GET", "_OTHER"]
    assert rows("SELECT count(DISTINCT method) FROM telemetry_request") == [(3,)]


def test_refused_labels_fill_no_memory(data_dir: Path) -> None:
    kept, db = Names(), connections[settings.DATABASE]
    db.ensure_connection()
    numbers = [kept.series(db.connection, "c", "sold_total", {"shop": str(n)}) for n in range(500)]
    assert len(set(numbers)) == 4
    # The three, and the one more.
    assert len(kept._series) == 4


def test_the_status_says_which_metrics_and_how_much(data_dir: Path) -> None:
    assert status().overflowed == {}
    emit(sold(1, 2, 3, 4, 5, 1, 6, 3))
    drain()
    found = status()
    assert found.overflowed == {"sold_total": 3}
    assert found.as_dict()["overflowed"] == {"sold_total": 3}
    assert "sold_total: 3 observations are in no series of their own" in lines(found)
    assert found.next_step.startswith("sold_total has more series than")


def test_series_from_before_the_cap_was_lowered_stay(data_dir: Path) -> None:
    with override_settings(TELEMETRY={**django_settings.TELEMETRY, "METRIC_SERIES_MAX": 5}):
        emit(sold(1, 2, 3, 4, 5))
        drain()
    emit(sold(5, 6))
    drain()
    assert counts("sold_total")['{"shop":"5"}'] == 2
    assert counts("sold_total")['{"otel_metric_overflow":"true"}'] == 1
