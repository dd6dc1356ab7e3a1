"""The status says what telemetry itself costs, and how much detail is kept because of it."""

from pathlib import Path

import pytest

from telemetry.journal.board import DETAIL_STEPS
from telemetry.queries.status import status
from tests.telemetry.ingest.helpers import emitting

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)


def test_the_mean_of_what_was_measured_in_all_processes(data_dir: Path) -> None:
    with emitting() as one, emitting() as other:
        one.board.measured(40, 0)
        one.board.measured(80, 0)
        other.board.measured(180, 0)
        found = status().overhead
    assert (found.units, found.microseconds, found.is_reduced) == (3, 100, False)


def test_detail_that_is_stepped_down_is_said_with_a_next_step(data_dir: Path) -> None:
    with emitting() as one, emitting() as other:
        one.board.measured(900, 2)
        other.board.measured(20, 0)
        found = status()
    assert found.overhead.detail == DETAIL_STEPS[2]
    assert "OVERHEAD_BUDGET" in found.next_step
    assert found.as_dict()["overhead"] == {
        "units": 2, "microseconds": 460.0, "detail": DETAIL_STEPS[2],
    }  # fmt: skip


def test_nothing_measured_is_nothing_said(data_dir: Path) -> None:
    assert status().overhead.units == 0
