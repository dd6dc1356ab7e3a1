"""The Status page: the equation in numbers, a red banner when it does not hold, one next step."""

from pathlib import Path

import pytest
from django.db import connections
from django.test import Client, override_settings

from telemetry.journal import reader
from tests.telemetry.ingest.helpers import START, drain, emit, emitting, log, uid

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)
URL = "/admin/telemetry/status/"


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path) -> object:
    with override_settings(TELEMETRY={"DATA_DIR": tmp_path}):
        yield tmp_path


def test_it_shows_the_equation_with_its_numbers(viewer: Client) -> None:
    emit(log(1), log(2))
    drain()
    page = viewer.get(URL).text
    assert "3 emitted = 3 stored, waiting, quarantined or dropped" in page
    assert "t-verdict t-good" in page
    assert 'role="alert"' not in page


def test_a_gap_is_a_red_banner_with_whose_and_what_next(viewer: Client, data_dir: Path) -> None:
    with emitting() as sink:
        sink.emit(log(1))
        drain()
        sink.emit(log(2))
        (segment,) = reader.segments(data_dir / "journal")
        segment.unlink()
        drain()
    drain()
    page = viewer.get(URL).text
    assert "t-verdict t-bad" in page
    assert 'role="alert"' in page
    assert "3 emitted, 2 stored, waiting, quarantined or dropped: 1 unaccounted for" in page
    assert f"lacks 1 records: {segment.name} not in the journal" in page
    assert page.count("Next:") == 1
    # And on every other page.
    assert "1 missing</a>" in viewer.get("/admin/telemetry/request/").text


def test_a_malformed_store_is_told_with_the_file_that_it_has_become(
    viewer: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from telemetry.ingest import rebuild

    store = tmp_path / "store.sqlite3"
    aside = tmp_path / "store.sqlite3.malformed-20260101T000000.000000Z"
    aside.write_bytes(b"?")
    aside.with_name(f"{aside.name}-wal").write_bytes(b"?")
    monkeypatch.setattr(rebuild, "path", lambda: store)
    page = viewer.get(URL).text
    assert f"<code>{aside}</code>" in page
    assert "sqlite3 FILE .recover" in page


def test_a_malformed_store_that_is_still_in_place_says_who_mends_it(
    viewer: Client, tmp_path: Path
) -> None:
    wrapper = connections["telemetry"]
    wrapper.close()
    usual = wrapper.settings_dict["NAME"]
    broken = tmp_path / "broken.sqlite3"
    broken.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    wrapper.settings_dict["NAME"] = str(broken)
    try:
        answer = viewer.get(URL)
    finally:
        wrapper.close()
        wrapper.settings_dict["NAME"] = usual
    assert answer.status_code == 503
    assert "malformed" in answer.text
    assert "python manage.py ingest" in answer.text


def test_it_says_what_is_not_measured_and_what_to_do(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Not measured" not in viewer.get(URL).text
    with emitting() as sink:
        sink.board.enter(1, bytes.fromhex(uid(1)), START, "GET", "/pay/")
        assert "WORKER_THREADS" in viewer.get(URL).text
        sink.board.can_answer(4)
        assert "WORKER_THREADS" not in viewer.get(URL).text
    monkeypatch.setattr("telemetry.queries.unmeasured.find_spec", lambda name: None)
    assert "pip install psutil" in viewer.get(URL).text
