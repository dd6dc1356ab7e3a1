"""Who looked at a transaction, and who was refused, is on record whatever the log levels are."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client, override_settings

from telemetry.capture import sink
from telemetry.testing import Captured
from tests.telemetry import factory
from tests.telemetry.ingest import helpers

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

BASE = "/admin/telemetry/"
ADDRESS = {"REMOTE_ADDR": "203.0.113.77"}


def audited(captured: Captured) -> list[Any]:
    return [record for record in captured.logs if record.logger == "telemetry.audit"]


@pytest.fixture(params=["as set", "root at CRITICAL", "logging disabled", "LOG_LEVEL of telemetry"])
def quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """Ways to lower what a project logs."""
    root, logger = logging.getLogger(), logging.getLogger("telemetry.audit")
    before = root.level
    if request.param == "root at CRITICAL":
        root.setLevel(logging.CRITICAL)
        logger.addFilter(lambda record: False)
    elif request.param == "logging disabled":
        logging.disable(logging.CRITICAL)
    given = {"LOG_LEVEL": "CRITICAL"} if "telemetry" in request.param else {}
    with override_settings(TELEMETRY=given):
        yield
    logging.disable(logging.NOTSET)
    logger.filters.clear()
    root.setLevel(before)


@pytest.mark.usefixtures("quiet")
def test_a_look_at_a_transactions_page_is_recorded(
    viewer: Client, telemetry_capture: Captured
) -> None:
    factory.request(transaction_id="tx-1")
    assert viewer.get(BASE + "transaction/tx-1/", **ADDRESS).status_code == 200
    (record,) = audited(telemetry_capture)
    user = User.objects.get(username="viewer")
    assert (record.level, record.message) == (logging.INFO, "Transaction viewed")
    assert record.attributes == {
        "audit.action": "transaction.view",
        "transaction.id": "tx-1",
        "user.id": str(user.pk),
        "client.address": "203.0.113.0",
    }
    assert record.code.startswith("telemetry/audit.py:")
    (unit,) = telemetry_capture.requests
    assert record.uid == unit.uid
    # The look is not one of the transaction's own requests.
    assert "transaction.id" not in unit.attributes


def test_other_pages_and_unknown_transactions_are_not(
    viewer: Client, telemetry_capture: Captured
) -> None:
    unit = factory.request(transaction_id="tx-1")
    for page in (
        "",
        "request/",
        "log/",
        f"trace/{unit.uid}/",
        "find/?id=tx-1",
        "transaction/tx-2/",
    ):
        viewer.get(BASE + page)
    assert audited(telemetry_capture) == []


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    "page", ["", "request/", "log/", "error/1/", "transaction/tx-1/", "loadrun/r/change/"]
)
def test_a_refusal_is_recorded_as_a_warning(
    client: Client, telemetry_capture: Captured, page: str
) -> None:
    user = User.objects.create_user("clerk", is_staff=True)
    client.force_login(user)
    assert client.get(BASE + page, **ADDRESS).status_code == 403
    (record,) = audited(telemetry_capture)
    assert (record.level, record.message) == (logging.WARNING, "Page refused")
    told = record.attributes
    assert told.pop("audit.permission").startswith("telemetry.view_")
    assert told == {
        "audit.action": "page.refuse",
        "http.request.method": "GET",
        "url.path": BASE + page,
        "user.id": str(user.pk),
        "client.address": "203.0.113.0",
    }


def test_a_refusal_of_someone_who_is_no_staff_is_recorded_too(
    client: Client, telemetry_capture: Captured
) -> None:
    client.force_login(User.objects.create_user("customer"))
    for page in ("status/", "request/", "loadrun/", "error/1/"):
        assert "/login/" in client.get(BASE + page)["Location"]
    assert [record.attributes["audit.permission"] for record in audited(telemetry_capture)] == [
        "staff"
    ] * 4


def test_visitors_cannot_fill_the_audit_log(client: Client, telemetry_capture: Captured) -> None:
    client.get(BASE + "request/")
    assert audited(telemetry_capture) == []


def test_a_card_number_in_an_audited_path_is_redacted(
    client: Client, telemetry_capture: Captured
) -> None:
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    client.get(BASE + "transaction/4111-1111-1111-1111/")
    (record,) = audited(telemetry_capture)
    assert "1111-1111" not in json.dumps(record.attributes)


@pytest.mark.usefixtures("quiet")
def test_the_command_is_recorded_with_the_systems_user(
    telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.ingest.drain_if_free", lambda: None)
    monkeypatch.setenv("SSH_CLIENT", "198.51.100.23 50022 22")
    # What a user may say of themselves is not asked.
    monkeypatch.setenv("LOGNAME", "somebody-else")
    unit = factory.request(transaction_id="tx-1")
    call_command("trace", unit.uid, stdout=StringIO())
    assert audited(telemetry_capture) == []
    call_command("trace", "tx-1", stdout=StringIO())
    (record,) = audited(telemetry_capture)
    owner = record.attributes.pop("process.owner")
    assert owner
    assert owner != "somebody-else"
    assert record.attributes == {
        "audit.action": "transaction.view",
        "transaction.id": "tx-1",
        "client.address": "198.51.100.0",
    }
    assert record.level == logging.INFO


def test_a_journal_that_is_nearly_full_still_takes_it(
    viewer: Client, telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is asked of each record at 100 % of JOURNAL_MAX_BYTES.
    monkeypatch.setattr(sink.MemorySink, "admit", lambda _, level: int(level >= logging.ERROR))
    factory.request(transaction_id="tx-1")
    viewer.get(BASE + "transaction/tx-1/")
    assert len(audited(telemetry_capture)) == 1


def test_a_fault_of_the_audit_log_does_not_close_the_page(
    viewer: Client, telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise OSError("no more bytes")

    monkeypatch.setattr("telemetry.capture.audit.logs.to_event", broken)
    factory.request(transaction_id="tx-1")
    assert viewer.get(BASE + "transaction/tx-1/").status_code == 200


@pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)
def test_the_logs_page_shows_it_under_its_logger(
    viewer: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with override_settings(TELEMETRY={"DATA_DIR": tmp_path}):
        factory.request(transaction_id="tx-1")
        with helpers.emitting() as journal:
            before = sink.replace(journal)
            viewer.get(BASE + "transaction/tx-1/", **ADDRESS)
            sink.replace(before)
        assert helpers.drain() > 0
        text = viewer.get(BASE + "log/?logger=telemetry.audit").text
    assert "Transaction viewed" in text
    assert "203.0.113.0" in text
    assert "203.0.113.77" not in text
