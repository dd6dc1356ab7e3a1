"""Ingest reads results of runs: once, whenever they come, and never trips over a bad file."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from telemetry.checks import check_values
from telemetry.conf import settings
from telemetry.ingest.connection import Store
from telemetry.ingest.loadruns import Results
from telemetry.models import LoadRun

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with override_settings(TELEMETRY={"DATA_DIR": tmp_path, "LOAD_RESULTS_DIR": tmp_path / "res"}):
        (tmp_path / "res").mkdir()
        yield tmp_path / "res"


def result(run: str = "r1", **changes: Any) -> dict[str, Any]:
    sections = {"total": {}, "endpoints": [], "errors": [], "series": {}}
    return {"schema": 1, "run": run, **sections, **changes}


def write(folder: Path, name: str, content: Any) -> None:
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))


def make_run(run: str = "r1") -> None:
    now = datetime.now(UTC)
    LoadRun.objects.using(settings.DATABASE).create(
        id=run, first_seen=now, last_seen=now, requests=3
    )


def stored(run: str = "r1") -> Any:
    return LoadRun.objects.using(settings.DATABASE).get(id=run).result


def look(results: Results) -> None:
    """As if its five seconds were over."""
    results._next = 0.0
    results.collect(Store())


def test_a_result_is_put_to_its_run(folder: Path) -> None:
    make_run()
    write(folder, "r1.json", result())
    look(Results())
    assert stored() == result()


def test_a_result_waits_for_the_first_request_of_its_run(folder: Path) -> None:
    results = Results()
    write(folder, "r1.json", result())
    look(results)
    assert not LoadRun.objects.using(settings.DATABASE).exists()
    make_run()
    look(results)
    assert stored() == result()


def test_a_changed_result_is_read_again_and_counts_stay(folder: Path) -> None:
    make_run()
    results = Results()
    write(folder, "r1.json", result())
    look(results)
    write(folder, "r1.json", result(duration=12.5))
    look(results)
    assert stored()["duration"] == 12.5
    assert LoadRun.objects.using(settings.DATABASE).get(id="r1").requests == 3


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"schema": 1}',
        "\udcff",
        json.dumps(result(schema=99)),
        json.dumps(result(run="")),
        json.dumps(result(run=7)),
        json.dumps(result(total=[])),
        json.dumps(result(total={"p": float("nan")})),
        "[" * 100_000,
        '{"schema": 1, "run": "r1", "total": {}, "endpoints": [], "errors": [], "series": {"a": '
        + "[" * 1200 + "]" * 1200 + "}}",
    ],
)  # fmt: skip
def test_a_bad_file_is_told_once_and_the_next_one_is_read(
    folder: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run()
    make_run("r2")
    (folder / "bad.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    write(folder, "good.json", result("r2"))
    results = Results()
    look(results)
    look(results)
    assert capsys.readouterr().err.count("telemetry ingest: ") == 1
    assert stored("r2") == result("r2")
    assert stored("r1") is None


def test_a_huge_file_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, "huge.json", " " * (9 * 1024 * 1024))
    look(Results())
    assert "larger than" in capsys.readouterr().err


def test_the_folder_is_looked_at_every_five_seconds_only(folder: Path) -> None:
    make_run()
    results = Results()
    results.collect(Store())
    write(folder, "r1.json", result())
    began = time.monotonic()
    results.collect(Store())
    assert time.monotonic() - began < 5
    assert stored() is None


def test_a_folder_that_is_not_there_is_no_error(folder: Path) -> None:
    folder.rmdir()
    look(Results())


def test_without_the_setting_nothing_is_read(folder: Path, tmp_path: Path) -> None:
    make_run()
    write(folder, "r1.json", result())
    with override_settings(TELEMETRY={"DATA_DIR": tmp_path}):
        look(Results())
    assert stored() is None


def test_a_setting_that_is_no_path_is_an_error() -> None:
    with override_settings(TELEMETRY={"LOAD_RESULTS_DIR": 7}):
        (message,) = check_values(None)
    assert message.id == "telemetry.E002"
    assert "LOAD_RESULTS_DIR" in message.msg
