"""The dossier sections tell a transaction's own story, and nothing for an id that is not ours."""

from typing import Any, cast

import pytest

from transactions.dossier import sections
from transactions.gateway import Answer

pytestmark = pytest.mark.django_db


def test_a_settled_payment_has_its_fields_and_balanced_entries(gateway: Any, place: Any) -> None:
    answer = place(description="Beans").json()
    fields, entries = sections(answer["id"])
    told = dict(cast("list[tuple[Any, Any]]", fields.rows))
    assert (told["owner"], told["status"], told["amount"]) == ("alice", "completed", "12.34")
    assert [row[3:] for row in entries.rows] == [("-12.34", "87.66"), ("12.34", "-87.66")]
    assert entries.note == "Sum 0.00 USD"
    assert {len(row) for row in entries.rows} == {len(entries.columns)}


def test_a_reversed_payment_shows_both_postings(gateway: Any, place: Any) -> None:
    gateway.outcome = Answer(False, "do_not_honor")
    fields, entries = sections(place().json()["id"])
    assert ("decline_code", "do_not_honor") in fields.rows
    assert [row[3] for row in entries.rows] == ["-12.34", "12.34", "-12.34", "12.34"]


def test_a_payment_that_moved_nothing_says_so(gateway: Any, place: Any) -> None:
    _, entries = sections(place(amount="1000.00").json()["id"])
    assert (entries.rows, entries.note) == ([], "No money was moved.")


NOBODYS = "9f0c3c1e-5d5b-4a57-9d8e-0a4e6f1b2c3d"


@pytest.mark.parametrize("identifier", ["", "nonsense", "\0", "0" * 500, NOBODYS])
def test_an_unknown_id_has_no_sections(identifier: str) -> None:
    assert sections(identifier) == []


def test_sections_need_the_permission_to_see_transactions(gateway: Any, place: Any) -> None:
    permissions = {section.permission for section in sections(place().json()["id"])}
    assert permissions == {"transactions.view_transaction"}
