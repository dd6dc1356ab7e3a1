"""Hostile text through the real path: a record is one line, and nothing in it acts on a reader."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client, override_settings

from fintech.logs import ConsoleFormatter
from telemetry import display
from telemetry.capture import sink
from telemetry.capture.console import JsonFormatter
from telemetry.conf import settings
from tests.telemetry.admin.conftest import viewer
from tests.telemetry.ingest.helpers import drain, emitting, log, rows, uid, unit

__all__ = ["viewer"]
pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)

ODD = [
    "\x00", "\x07", "\x08", "\x1b[31m", "\x1b]0;title\x07", "\r", "\n", "\x7f", "\x85", "\x9b31m",
    "\u2028", "\u2029", "\u061c", "\u200b", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c",
    "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\ufeff", "\u00ad", "\u2060",
    "\U000e0041", "\U000e007f",
]  # fmt: skip
HOSTILE = "a" + "b".join(ODD) + "c <script>alert(1)</script> | `x`"
BAD = {char for odd in ODD for char in odd if not (char.isascii() and char.isprintable())}


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Path]:
    with override_settings(TELEMETRY={"DATA_DIR": tmp_path}):
        with emitting() as journal:
            before = sink.replace(journal)
            try:
                journal.emit(
                    unit(1, path=f"/{HOSTILE}", user_id=HOSTILE, error_type=HOSTILE, route=HOSTILE,
                         attributes={HOSTILE: HOSTILE, "payment.outcome": "=1+1"})
                )  # fmt: skip
                journal.emit(log(1, level=40, message=HOSTILE, attributes={HOSTILE: [HOSTILE]}))
            finally:
                sink.replace(before)
        drain()
        yield tmp_path


def assert_inert(text: str, but: str = "") -> None:
    assert sorted(hex(ord(char)) for char in BAD - set(but) if char in text) == []


@pytest.mark.parametrize("name", ["app.jsonl", "error.jsonl"])
def test_a_record_of_a_log_file_is_one_line_with_the_same_values(stored: Path, name: str) -> None:
    text = (settings.logs_dir / name).read_bytes().decode()
    lines = text.splitlines()
    assert len(lines) == 2
    assert_inert(text, but="\n")
    found = [json.loads(line) for line in lines]
    assert HOSTILE in [each["body"] for each in found]
    assert found[0]["attributes"][HOSTILE] == HOSTILE


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_trace(stored: Path, form: str) -> None:
    out = io.StringIO()
    call_command("trace", uid(1), "--format", form, stdout=out)
    assert_inert(out.getvalue(), but="\n")
    assert "\\u202e" in out.getvalue()
    if form == "markdown":
        assert "<script>" not in out.getvalue()
        assert "| outcome | '=1+1 |" in out.getvalue()
        assert out.getvalue().count("\n| user |") == 1


def test_tail(stored: Path) -> None:
    out = io.StringIO()
    with override_settings(TELEMETRY={"DATA_DIR": stored}):
        since = "2000d"
        call_command("tail", "--for", "0", "--since", since, stdout=out)
    lines = out.getvalue().splitlines()
    assert_inert(out.getvalue(), but="\n")
    assert len(lines) == 2


def test_pages(stored: Path, viewer: Client) -> None:
    (error,) = rows("SELECT count(*) FROM telemetry_request")[0]
    assert error == 1
    wide = "?from=2000-01-01T00:00:00Z&to=2099-01-01T00:00:00Z"
    for page in ("request/" + wide, "log/" + wide, f"trace/{uid(1)}/"):
        text = viewer.get(f"/admin/telemetry/{page}").text
        assert_inert(text, but="\n\r")
        assert "\\u202e" in text, page
        assert "<script>alert" not in text


def record() -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "shop", "levelno": 40, "levelname": "ERROR"})
    made.msg = HOSTILE
    made.__dict__["note"] = HOSTILE
    made.__dict__[HOSTILE] = HOSTILE
    try:
        raise ValueError(HOSTILE)
    except ValueError as error:
        made.exc_info = (type(error), error, error.__traceback__)
    return made


def test_the_console_as_json_is_one_line() -> None:
    line = JsonFormatter().format(record())
    assert_inert(line)
    assert json.loads(line)["body"] == HOSTILE


def test_on_the_console_only_the_stack_has_lines_and_they_are_indented(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = ConsoleFormatter().format(record())
    assert_inert(text, but="\n")
    first, *stack = text.splitlines()
    assert "shop" in first
    assert all(line.startswith("    ") for line in stack)


@pytest.mark.parametrize("odd", ODD)
def test_each_is_written_out_for_people_and_kept_in_json(odd: str) -> None:
    assert display.escaped(odd).isprintable()
    assert display.escaped(odd).isascii()
    document = json.dumps(odd, ensure_ascii=False).encode()
    assert display.json_escaped(document).isascii()
    assert json.loads(display.json_escaped(document)) == odd


@pytest.mark.parametrize("harmless", ["payment", "Zürich", "日本語", "🙂", "a\u00a0b", "ক"])
def test_what_people_write_stays(harmless: str) -> None:
    assert display.escaped(harmless) == harmless
    assert display.visible(harmless) == harmless


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula(formula: str) -> None:
    assert display.cell(formula) == f"'{formula}"
