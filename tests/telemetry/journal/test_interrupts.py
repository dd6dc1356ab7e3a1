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
