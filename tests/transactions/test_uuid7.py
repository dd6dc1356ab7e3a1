"""Ids sort by the time they were made, across threads and when the clock stands or goes back."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import RFC_4122

import pytest

from transactions.uuid7 import lower_bound, timestamp, uuid7


def test_ids_of_one_process_grow_strictly() -> None:
    made = [uuid7() for _ in range(5_000)]
    assert all(first < second for first, second in pairwise(made))


def test_ids_made_by_threads_at_once_are_distinct() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [
            i for part in pool.map(lambda _: [uuid7() for _ in range(500)], range(8)) for i in part
        ]
    assert len(set(made)) == len(made) == 4_000


def test_an_id_is_a_version_7_uuid() -> None:
    made = uuid7()
    assert (made.version, made.variant) == (7, RFC_4122)


def test_ids_grow_while_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)
    assert uuid7() > before


def test_the_time_inside_is_the_time_it_was_made() -> None:
    now = datetime.now(UTC)
    assert abs(timestamp(uuid7()) - now) < timedelta(seconds=1)


def test_a_lower_bound_parts_earlier_ids_from_later_ones() -> None:
    made = uuid7()
    moment = timestamp(made)
    assert lower_bound(moment) <= made < lower_bound(moment + timedelta(milliseconds=1))
    # Between two milliseconds: the id of the earlier one was made before that moment.
    assert made < lower_bound(moment + timedelta(microseconds=1))


@pytest.mark.parametrize("moment", [datetime.min, datetime.max])
def test_any_datetime_has_a_lower_bound(moment: datetime) -> None:
    assert lower_bound(moment.replace(tzinfo=UTC)).version == 7
