"""Requests stay cheap: few statements, all of them through an index."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from transactions.models import Account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def known_user(api: APIClient) -> None:
    # Whether a user is exempt from throttling is asked once a minute, not for each request.
    api.get("/api/accounts/")


_CONTROL = ("BEGIN", "COMMIT")


def statements(call: Callable[[], Any]) -> list[str]:
    """The SQL of a successful request, without BEGIN and COMMIT."""
    with CaptureQueriesContext(connection) as captured:
        assert call().status_code in (200, 201)
    return [query["sql"] for query in captured if not query["sql"].startswith(_CONTROL)]


def test_a_payment_with_a_key_takes_nine_statements(
    place: Any, django_assert_max_num_queries: Any
) -> None:
    assert len(statements(lambda: place(key="k-1"))) <= 9
    with django_assert_max_num_queries(13):
        place(key="k-2")


@pytest.mark.parametrize(
    ("changes", "most"), [({"type": "deposit"}, 9), ({"amount": "1000.00"}, 6)]
)
def test_other_orders_take_no_more(changes: Any, most: int, place: Any) -> None:
    assert len(statements(lambda: place(key="k-1", **changes))) <= most


def test_a_transfer_takes_eight_statements(
    place: Any, user: User, make_account: Callable[..., Account]
) -> None:
    other = str(make_account(user, funds=0).pk)
    assert len(statements(lambda: place(key="k", type="transfer", counterparty=other))) <= 8


@pytest.mark.parametrize(
    "path",
    ["transactions/", "transactions/?status=pending", "transactions/?created_from=2026-01-01",
     "transactions/?account={account}", "accounts/", "accounts/{account}/",
     "accounts/{account}/statement/"],
)  # fmt: skip
def test_reads_search_an_index_and_never_scan_or_sort_a_table(
    path: str, place: Any, api: APIClient, account: Account
) -> None:
    for _ in range(3):
        place()
    url = f"/api/{path.format(account=account.pk)}"
    made = statements(lambda: api.get(url))
    assert len(made) <= 3
    with connection.cursor() as cursor:
        for sql in made:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = " / ".join(row[3] for row in cursor.fetchall())
            assert "SCAN" not in plan, (sql, plan)
            assert "TEMP B-TREE" not in plan, (sql, plan)
