"""Ctrl-C reaches the program, whatever instruction of the journal it comes at."""

import itertools
import os
from pathlib import Path
from typing import Any

import pytest

import telemetry.journal
from telemetry.journal import locks, reader
from tests.telemetry.interrupts import outcome
from tests.telemetry.journal.helpers import make, payloads

FOLDER = str(Path(telemetry.journal.__file__).parent)


def test_at_the_first_record(tmp_path: Path) -> None:
    for after in itertools.count():
        journal = make(tmp_path / str(after))
        found = outcome(lambda: journal.append(b'"first"'), FOLDER, after)  # noqa: B023
        assert found != "lost", f"instruction {after}"
        # The program may go on all the same.
        assert journal.append(b'"second"')
        assert payloads(journal.folder)[-1] == b'"second"'
        assert not list(journal.folder.glob("*.tmp"))
        journal.close()
        if found == "never":
            break
    assert after > 50


def test_at_a_record_that_ends_a_segment(tmp_path: Path) -> None:
    for after in itertools.count():
        journal = make(tmp_path / str(after), segment_bytes=60)
        assert journal.append(b'"first"')
        found = outcome(lambda: journal.append(b'"a long second"'), FOLDER, after)  # noqa: B023
        assert found != "lost", f"instruction {after}"
        assert journal.append(b'"third"')
        journal.close()
        kept = payloads(journal.folder)
        assert (kept[0], kept[-1]) == (b'"first"', b'"third"')
        if found == "never":
            break
    assert after > 10


def test_a_file_that_got_its_name_is_gone_after_an_interrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename

    def and_interrupt(*names: Any) -> None:
        rename(*names)
        raise KeyboardInterrupt

    monkeypatch.setattr(locks.os, "rename", and_interrupt)
    journal = make(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        journal.append(b'"first"')
    assert not reader.segments(tmp_path)


def test_a_handler_that_logs_while_a_file_is_made_costs_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for moment in ("open", "rename"):
        journal, call, in_time = make(tmp_path / moment), getattr(os, moment), []

        def and_log(*given: Any, _call: Any = call, _done: Any = in_time, **how: Any) -> Any:
            found = _call(*given, **how)
            if not _done and str(given[0]).endswith(".tmp"):
                _done.append(1)
                # As a signal handler of the same thread, between two lines.
                assert journal.append(b'"from the handler"')  # noqa: B023
            return found

        with monkeypatch.context() as patch:
            patch.setattr(locks.os, moment, and_log)
            assert journal.append(b'"first"')
        assert journal.append(b'"second"')
        journal.close()
        kept = payloads(journal.folder)
        assert sorted(kept) == [b'"first"', b'"from the handler"', b'"second"']
        assert in_time


def test_a_short_write_after_an_interrupt_takes_nothing_else_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write

    def and_interrupt(fd: int, data: bytes) -> int:
        write(fd, data)
        raise KeyboardInterrupt

    def short(fd: int, data: bytes) -> int:
        return write(fd, data[:5])

    journal = make(tmp_path)
    assert journal.append(b'"first"')
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", and_interrupt)
        with pytest.raises(KeyboardInterrupt):
            journal.append(b'"interrupted"')
    assert journal.append(b'"later"')
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", short)
        assert not journal.append(b'"refused"')
    assert journal.append(b'"last"')
    assert payloads(tmp_path) == [b'"first"', b'"interrupted"', b'"later"', b'"last"']
