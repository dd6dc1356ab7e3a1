"""`manage.py trace ID` as an operator runs it."""

import json
import os
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.telemetry import factory

ROOT = Path(__file__).resolve().parents[3]
stored = pytest.mark.django_db(databases=["default", "telemetry"])


@pytest.fixture(autouse=True)
def no_drain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draining opens connections of its own, which a test's open transaction would hold up."""
    monkeypatch.setattr("telemetry.ingest.drain_if_free", lambda: None)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("trace", *arguments, stdout=out)
    return out.getvalue()


@stored
def test_it_prints_everything_of_a_request_in_order_of_time() -> None:
    unit = factory.request(
        process=factory.process(), spans=[[500, 900, "default", "SELECT balance"]]
    )
    factory.log(unit, "payment accepted", attributes={"amount": 5})
    factory.error(unit)
    text = run(unit.uid)
    order = [text.index(part) for part in ("SELECT balance", "payment accepted", "Traceback")]
    assert order == sorted(order)
    assert "+1.000 ms" in text
    assert "amount=5" in text
    assert "web 4242 on web-1" in text


@stored
@pytest.mark.parametrize("form", ["dashed", "plain", "upper"])
def test_a_transaction_is_found_by_each_way_to_write_its_id(form: str) -> None:
    identifier = "0198f0c4-0000-7000-8000-00000000abcd"
    factory.request(transaction_id=identifier)
    asked = {
        "dashed": identifier,
        "plain": identifier.replace("-", ""),
        "upper": identifier.upper(),
    }
    assert f"transaction {identifier}" in run(asked[form])


@stored
def test_a_callers_request_id_and_traceparent_are_found() -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    factory.request(caller_trace_id=trace, caller_request_id="checkout 17")
    assert trace in run("checkout 17")
    assert trace in run(f"00-{trace}-00f067aa0ba902b7-01")


@stored
def test_json_holds_units_and_entries() -> None:
    unit = factory.request()
    factory.log(unit, "payment accepted")
    told = json.loads(run(unit.uid, "--format", "json"))
    assert told["units"][0]["uid"] == unit.uid
    assert [entry["kind"] for entry in told["entries"]] == ["unit", "log"]
    assert told["entries"][1]["offset"] == 1000


@stored
def test_a_repeated_statement_is_told_in_every_format() -> None:
    shape = 'SELECT "id" FROM "account" WHERE "id" = %s'
    unit = factory.request(repeated=factory.repeated(shape), weight=20.0, overhead=61)
    told = f"12 × {shape} in 3.4 ms, first from shop/views.py:12 pay"
    assert told in run(unit.uid)
    assert "12 × SELECT" in run(unit.uid, "--format", "markdown")
    assert "stands for 20" in run(unit.uid)
    (one,) = json.loads(run(unit.uid, "--format", "json"))["units"]
    assert one["repeated"] == {
        "statement": shape, "count": 12, "time": 3_400, "code": "shop/views.py:12 pay"
    }  # fmt: skip
    assert (one["weight"], one["overhead"]) == (20.0, 61)


@stored
def test_a_sampled_record_says_for_how_many_it_stands() -> None:
    unit = factory.request()
    factory.log(unit, "cache miss", weight=8.0)
    factory.log(unit, "payment accepted", weight=1.0)
    text = run(unit.uid)
    assert "cache miss [payments] (stands for 8)" in text
    assert "payment accepted [payments]\n" in f"{text}\n"


@stored
def test_markdown_keeps_foreign_text_from_becoming_markup() -> None:
    unit = factory.request()
    factory.log(unit, "<img src=x> *stars* | pipe")
    assert r"\<img src=x\> \*stars\* \| pipe" in run(unit.uid, "--format", "markdown")


@stored
def test_control_characters_reach_no_terminal() -> None:
    unit = factory.request(path="/\x1b]0;title\x07")
    factory.log(unit, "one\x1b[31m red\r\nforged line")
    text = run(unit.uid)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert r"\x1b[31m red\r\nforged line" in text


@stored
def test_an_unknown_id_is_an_error_of_one_line() -> None:
    with pytest.raises(CommandError) as raised:
        run("no\nsuch\x1b id")
    assert "\n" not in str(raised.value)
    assert r"no\nsuch\x1b id" in str(raised.value)


def test_the_program_exits_with_1_and_one_line_for_an_unknown_id(prepared_data_dir: Path) -> None:
    done = _program(prepared_data_dir, "f" * 32)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_the_program_reads_what_waits_in_the_journal_first(
    prepared_data_dir: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(prepared_data_dir, folder)
    visit = (
        "from django.test import Client;"
        "Client().get('/api/accounts/', headers={'X-Request-ID': 'probe-1'}, HTTP_HOST='localhost')"
    )
    env = {**os.environ, "FINTECH_DATA_DIR": str(folder), "TELEMETRY_INGEST": "external"}
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "-c", visit]
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=60)
    done = _program(folder, "probe-1")
    assert done.returncode == 0, done.stderr
    assert "GET /api/accounts/" in done.stdout


def test_the_program_names_the_command_when_the_store_is_not_migrated(tmp_path: Path) -> None:
    done = _program(tmp_path, "f" * 32)
    assert done.returncode == 1
    assert "migrate --database telemetry" in done.stderr
    assert "Traceback" not in done.stderr


def _program(data_dir: Path, identifier: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "FINTECH_DATA_DIR": str(data_dir)}
    command = [sys.executable, str(ROOT / "manage.py"), "trace", identifier]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
