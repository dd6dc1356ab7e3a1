"""`manage.py tail`: what arrives is shown once, filtered, and harmless to a terminal."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from telemetry.queries.tail import Follower, Wanted
from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])


def shown(*arguments: str) -> str:
    out = StringIO()
    call_command("tail", "--for", "0", "--since", "1h", *arguments, stdout=out)
    return out.getvalue()


def follower(**wanted: object) -> Follower:
    return Follower(Wanted(**wanted), datetime.now(UTC) - timedelta(hours=1))  # type: ignore[arg-type]


def test_records_and_requests_are_shown_in_order_of_time() -> None:
    unit = factory.request(at=datetime.now(UTC))
    factory.log(unit, "payment accepted", attributes={"amount": 5})
    text = shown()
    assert text.index(unit.path or "") < text.index("payment accepted")
    assert "amount=5" in text
    assert unit.uid in text


def test_each_record_is_given_once_also_when_it_is_stored_late() -> None:
    watch = follower()
    now = datetime.now(UTC)
    late = factory.request(at=now - timedelta(seconds=2))
    factory.log(late, "first")
    assert [getattr(row, "message", "") for row in watch.fresh()].count("first") == 1
    factory.log(late, "older than what was shown")
    messages = [getattr(row, "message", "") for row in watch.fresh()]
    assert messages == ["older than what was shown"]
    assert watch.fresh() == []


def test_a_level_leaves_out_what_is_below() -> None:
    unit = factory.request(at=datetime.now(UTC))
    factory.log(unit, "quiet", level=20)
    factory.log(unit, "loud", level=40)
    text = shown("--level", "warning")
    assert "loud" in text
    assert "quiet" not in text
    assert f"{unit.method} {unit.path}" not in text


def test_a_transaction_shows_all_records_of_its_requests() -> None:
    wanted = "0198f0c4-0000-7000-8000-00000000abcd"
    unit = factory.request(at=datetime.now(UTC), transaction_id=wanted)
    factory.log(unit, "before it was bound")
    factory.log(factory.request(at=datetime.now(UTC)), "another's")
    text = shown("--transaction", wanted.replace("-", ""))
    assert "before it was bound" in text
    assert "another's" not in text


def test_control_characters_do_not_reach_the_terminal() -> None:
    factory.log(factory.request(at=datetime.now(UTC)), "red \x1b[31m alert\nforged line")
    text = shown()
    assert "\x1b" not in text
    assert "\\n" in text


@pytest.mark.parametrize(
    ("option", "value"), [("--level", "loud"), ("--since", "soon"), ("--route", "x" * 300)]
)
def test_a_bad_argument_is_named(option: str, value: str) -> None:
    with pytest.raises(CommandError, match=option):
        shown(option, value)
