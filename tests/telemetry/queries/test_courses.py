"""A metric's course over a range: rates of steps that are over, and of the one that runs."""

from datetime import UTC, datetime, timedelta

import pytest

from telemetry.queries import arguments, courses
from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])


def test_the_step_that_still_runs_has_the_rate_of_what_has_passed_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = datetime.now(UTC)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = max(1.0, (now - today).total_seconds())
    # So few that the step of a month is a day.
    monkeypatch.setattr(arguments, "_CHOSEN_ANSWER", 50)
    one = factory.series("paid_total", "c")
    factory.observe(one, 86_400, today - timedelta(hours=12))
    factory.observe(one, passed, today)
    told = courses.told("paid_total", now - timedelta(days=20), now, None)
    assert told.answer.step == 86_400
    (line,) = told.courses
    # Of yesterday one a second, and so of today, however much of it is still to come.
    assert [line.values[-2], line.values[-1]] == pytest.approx([1.0, 1.0], rel=0.01, abs=0.02)
