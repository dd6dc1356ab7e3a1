"""Lists and statements: one's own rows, filters that hold, pages that neither skip nor repeat."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from transactions.models import Account, Transaction
from transactions.representation import moment
from transactions.uuid7 import timestamp

LIST = "/api/transactions/"


def ids(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def follow(api: APIClient, url: str | None) -> list[Any]:
    rows: list[Any] = []
    while url is not None:
        page = api.get(url).json()
        rows += page["results"]
        url = page["next"]
    return rows


def test_an_account_is_opened_empty_and_can_be_retrieved(api: APIClient) -> None:
    response = api.post("/api/accounts/", {"currency": "KWD"}, format="json")
    assert response.status_code == 201
    body = response.json()
    assert (body["currency"], body["balance"]) == ("KWD", "0.000")
    assert api.get(f"/api/accounts/{body['id']}/").json() == body
    assert UUID(body["id"]).version == 7


def test_everything_is_scoped_to_the_user(
    place: Any, stranger: User, make_client: Any, make_account: Any, account: Account
) -> None:
    own = place().json()["id"]
    theirs = make_client(stranger)
    make_account(stranger, funds=0)
    assert ids(theirs.get(LIST)) == []
    assert len(ids(theirs.get("/api/accounts/"))) == 1
    for path in (f"{LIST}{own}/", f"/api/accounts/{account.pk}/",
                 f"/api/accounts/{account.pk}/statement/"):  # fmt: skip
        assert theirs.get(path).status_code == 404


def test_a_transaction_is_retrieved_as_it_was_answered(place: Any, api: APIClient) -> None:
    created = place().json()
    assert api.get(f"{LIST}{created['id']}/").json() == created


def test_the_list_shows_transactions_as_they_were_answered_newest_first(
    place: Any, api: APIClient
) -> None:
    answered = [place().json() for _ in range(3)]
    listed = api.get(LIST).json()["results"]
    assert listed[:3] == answered[::-1]


def test_pages_cover_everything_once_in_order(place: Any, api: APIClient) -> None:
    made = [place(amount="0.01").json()["id"] for _ in range(7)]
    rows = follow(api, f"{LIST}?type=payment&limit=3")
    assert [row["id"] for row in rows] == made[::-1]


def test_rows_that_arrive_meanwhile_do_not_shift_the_pages(place: Any, api: APIClient) -> None:
    made = [place(amount="0.01").json()["id"] for _ in range(4)]
    first = api.get(f"{LIST}?type=payment&limit=2").json()
    place(amount="0.01")
    rest = follow(api, first["next"])
    assert [row["id"] for row in first["results"] + rest] == made[::-1]


def test_filters_let_the_matching_rows_pass_only(
    place: Any, api: APIClient, user: User, make_account: Callable[..., Account], account: Account
) -> None:
    yen = make_account(user, currency="JPY", funds=5_000)
    paid = place().json()["id"]
    declined = place(amount="1000.00").json()["id"]
    foreign = place(account=str(yen.pk), currency="JPY", amount="10", type="withdrawal").json()[
        "id"
    ]
    cases = {
        "status=declined": {declined},
        "type=payment": {paid, declined},
        "type=payment&status=completed": {paid},
        "currency=JPY&type=withdrawal": {foreign},
        f"account={yen.pk}&type=withdrawal": {foreign},
        f"account={yen.pk}&type=payment": set(),
    }
    for query, expected in cases.items():
        assert set(ids(api.get(f"{LIST}?{query}"))) == expected, query


def test_a_time_range_includes_its_start_and_excludes_its_end(place: Any, api: APIClient) -> None:
    place()
    order = Transaction.objects.latest("created_at")
    assert timestamp(order.pk) == order.created_at
    at, after = order.created_at, order.created_at + timedelta(milliseconds=1)

    def found(**query: str) -> bool:
        return str(order.pk) in ids(api.get(f"{LIST}?{urlencode(query)}"))

    assert found(created_from=moment(at))
    assert not found(created_from=moment(after))
    assert found(created_before=moment(after))
    assert not found(created_before=moment(at))
    assert found(created_from=moment(at)[:10])
    assert not found(created_before="1900-01-01")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("status", "done"), ("status", ""), ("status", "\0"), ("type", "refund"), ("currency", "usd"),
     ("account", "1"), ("account", "\0"), ("created_from", "yesterday"), ("created_from", ""),
     ("created_from", "2026-02-30"), ("created_before", "2026-01-01T00:00:00"),
     ("created_before", "9" * 99), ("limit", "0"), ("limit", "201"), ("limit", "ten"),
     ("limit", "-1"), ("limit", "\u0665"), ("limit", "9" * 5000), ("limit", ""),
     ("cursor", "x"), ("cursor", ""),
     ("cursor", "\0")],
)  # fmt: skip
def test_a_bad_parameter_is_refused_by_name(parameter: str, value: str, api: APIClient) -> None:
    response = api.get(f"{LIST}?{urlencode({parameter: value})}")
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [parameter]


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 19, "\u0665", ""])
def test_a_bad_statement_cursor_is_refused(cursor: str, api: APIClient, account: Account) -> None:
    url = f"/api/accounts/{account.pk}/statement/?{urlencode({'cursor': cursor})}"
    response = api.get(url)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "cursor"


def test_a_statement_carries_the_balance_from_entry_to_entry(
    place: Any, api: APIClient, account: Account
) -> None:
    place(amount="10.00")
    place(amount="20.50", type="deposit", description="Refund")
    rows = follow(api, f"/api/accounts/{account.pk}/statement/?limit=2")
    assert [(row["amount"], row["balance_after"]) for row in rows] == [
        ("20.50", "110.50"), ("-10.00", "90.00"), ("100.00", "100.00"),
    ]  # fmt: skip
    assert rows[0]["description"] == "Refund"
    assert api.get(f"/api/accounts/{account.pk}/").json()["balance"] == rows[0]["balance_after"]


def test_who_receives_a_transfer_sees_it_in_the_statement(
    place: Any, stranger: User, make_client: Any, make_account: Any
) -> None:
    theirs = make_account(stranger, funds=0)
    sent = place(type="transfer", counterparty=str(theirs.pk)).json()
    url = f"/api/accounts/{theirs.pk}/statement/"
    rows = make_client(stranger).get(url).json()["results"]
    assert [(row["transaction"], row["amount"]) for row in rows] == [(sent["id"], "12.34")]
