"""A wall clock that is set wrong deletes nothing early, and nothing sticks once it is right."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.ingest.connection import Store
from telemetry.retention import clock
from telemetry.retention.clock import DAY, Anchor, Now, settled
from telemetry.retention.sweep import Sweep
from tests.telemetry.retention.helpers import add_logs, count, store

HOUR = DAY // 24
MINUTE = HOUR // 60
START = Now(wall=20_000 * DAY, steady=5 * DAY, boot=1)


class Machine:
    """Looks at its clocks now and then; `wrong` is by how much the wall clock is off."""

    def __init__(self) -> None:
        self.true = START.wall
        self.wrong = 0
        self.steady = START.steady
        self.boot = 1
        self.anchor: Anchor | None = None

    def look(self, newest: int | None = None) -> int:
        now = Now(self.true + self.wrong, self.steady, self.boot)
        self.anchor, found = settled(self.anchor, now, newest)
        return found

    def run(self, duration: int, every: int = MINUTE) -> int:
        found = self.look()
        for _ in range(duration // every):
            self.true += every
            self.steady += every
            found = self.look()
        return found

    def reboot(self, off: int = MINUTE) -> None:
        self.true += off
        self.steady = MINUTE
        self.boot += 1


def test_a_right_clock_is_followed() -> None:
    machine = Machine()
    assert machine.run(3 * DAY, HOUR) == machine.true


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 10 * HOUR, 400 * DAY, -400 * DAY])
def test_a_jump_takes_nothing_early_and_does_not_stick(jump: int) -> None:
    machine = Machine()
    machine.run(HOUR)
    machine.wrong = jump
    for _ in range(20):
        assert machine.run(HOUR) <= machine.true
    machine.wrong = 0
    assert machine.run(HOUR) == machine.true
    assert machine.anchor is not None
    assert machine.anchor.jump == 0


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_jump_that_lasts_is_believed_after_a_day(jump: int) -> None:
    machine = Machine()
    machine.run(HOUR)
    machine.wrong = jump
    assert machine.run(23 * HOUR) <= machine.true
    assert machine.run(2 * HOUR) == machine.true + jump


def test_a_clock_that_jumps_to_and_fro_is_never_believed_ahead() -> None:
    machine = Machine()
    for number in range(60):
        machine.wrong = HOUR * (number % 2)
        assert machine.run(HOUR) <= machine.true


def test_records_written_while_the_clock_was_ahead_do_not_count() -> None:
    machine = Machine()
    machine.run(HOUR)
    machine.wrong = 400 * DAY
    assert machine.look(newest=machine.true + machine.wrong) <= machine.true


def test_a_small_correction_is_followed_at_once() -> None:
    machine = Machine()
    machine.run(HOUR)
    machine.wrong = MINUTE // 2
    assert machine.run(HOUR) == machine.true + MINUTE // 2


def test_after_a_boot_a_day_is_believed_and_the_rest_later() -> None:
    machine = Machine()
    machine.run(HOUR)
    before = machine.true
    machine.reboot(off=30 * DAY)
    assert machine.look() == before + DAY
    assert machine.run(25 * HOUR) == machine.true


def test_a_machine_that_is_on_for_an_hour_a_week_catches_up() -> None:
    machine = Machine()
    for _ in range(4):
        machine.reboot(off=7 * DAY)
        found = machine.run(HOUR)
    assert machine.true - found <= 7 * DAY


def test_a_boot_with_a_clock_far_ahead_takes_a_day_at_most() -> None:
    machine = Machine()
    machine.run(HOUR)
    machine.reboot()
    machine.wrong = 400 * DAY
    assert machine.run(20 * HOUR) <= machine.true + DAY
    machine.wrong = 0
    assert machine.run(DAY + HOUR) == machine.true


@given(
    st.lists(
        st.tuples(st.integers(-30 * DAY, 30 * DAY), st.integers(MINUTE, 20 * HOUR)), max_size=8
    )
)
def test_within_a_boot_time_never_runs_ahead_of_a_clock_that_is_right_in_between(
    faults: list[tuple[int, int]],
) -> None:
    machine = Machine()
    machine.run(HOUR, HOUR)
    for wrong, duration in faults:
        machine.wrong = wrong
        # What is off by less than a minute is a correction, each look.
        assert machine.run(duration, duration) <= machine.true + 2 * MINUTE
        machine.wrong = 0
        machine.run(MINUTE, MINUTE)
        assert machine.look() <= machine.true + 2 * MINUTE


@pytest.mark.django_db(databases=["telemetry"], transaction=True)
@pytest.mark.parametrize("jump", [HOUR, 400 * DAY])
def test_a_sweep_under_a_jumped_clock_deletes_nothing(
    jump: int, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first one is due in half an hour.
    add_logs(1, days=14 - 0.5 / 24)
    add_logs(1, days=0)
    list(Sweep(Store()).steps())
    right = clock.look
    monkeypatch.setattr(clock, "look", lambda: replace(right(), wall=right().wall + jump))
    # What is written now has the wrong time, too.
    add_logs(1, days=-jump / DAY)
    list(Sweep(Store()).steps())
    assert count("log") == 3
    monkeypatch.setattr(
        clock,
        "look",
        lambda: replace(right(), wall=right().wall + HOUR, steady=right().steady + HOUR),
    )
    list(Sweep(Store()).steps())
    assert count("log") == 2


def test_the_anchor_is_kept_in_the_store() -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE telemetry_total (name TEXT PRIMARY KEY, value INTEGER)")
    assert clock.load(db) is None
    anchor = Anchor(1, 2, 3, 4, 5, 6)
    clock.save(db, anchor)
    clock.save(db, anchor)
    assert clock.load(db) == anchor


def test_without_a_boot_id_each_process_is_a_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_BOOT_ID", Path("/nonexistent/boot_id"))
    monkeypatch.delattr("time.CLOCK_BOOTTIME", raising=False)
    first, second = clock.look(), clock.look()
    assert first.boot == second.boot
    assert first.steady <= second.steady


@pytest.mark.django_db(databases=["telemetry"], transaction=True)
def test_bookkeeping_stays_while_the_archive_names_it(data_dir: Path) -> None:
    from telemetry.ingest import archive
    from telemetry.retention.prune import preview_now

    add_logs(1, days=0)
    for number in (1, 2):
        store().execute(
            "INSERT INTO telemetry_process (id, writer, pid, host, role, app_version, started,"
            " ended, emitted, dropped) VALUES (?, ?, 1, '', '', '', 0, 1, 0, '{}')",
            (number, bytes([number]) * 16),
        )
    segment = data_dir / f"{'01' * 16}-000000.seg"
    segment.write_bytes(b"kept\n")
    archive.keep(segment)
    assert {each.kind: each.rows for each in preview_now()[0]}["processes"] == 1
    list(Sweep(Store()).steps())
    assert store().execute("SELECT id FROM telemetry_process").fetchall() == [(1,)]
