"""Money in the admin can be looked at and never changed, however large the tables grow."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import NoReverseMatch

from transactions.models import Account, IdempotencyRecord, Transaction

pytestmark = pytest.mark.django_db
MODELS = ["transaction", "account", "idempotencyrecord"]


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def order(place: Any) -> Transaction:
    return Transaction.objects.get(pk=place(key="k-1", description="Beans").json()["id"])


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens(model: str, order: Transaction, staff: Client) -> None:
    assert staff.get(f"/admin/transactions/{model}/").status_code == 200


def test_a_transaction_shows_its_fields_and_entries(order: Transaction, staff: Client) -> None:
    response = staff.get(f"/admin/transactions/transaction/{order.pk}/change/")
    assert response.status_code == 200
    html = response.content.decode()
    for text in ("Beans", "completed", "12.34", "-12.34", "87.66", order.gateway_reference):
        assert text in html


@pytest.mark.parametrize("model", MODELS)
def test_nothing_can_be_added_changed_or_deleted(
    model: str, order: Transaction, staff: Client
) -> None:
    row: Any = {
        "transaction": order,
        "account": order.account,
        "idempotencyrecord": IdempotencyRecord.objects.get(),
    }[model]
    base = f"/admin/transactions/{model}"
    assert staff.get(f"{base}/add/").status_code == 403
    assert staff.post(f"{base}/{row.pk}/change/", {"status": "failed"}).status_code == 403
    assert staff.post(f"{base}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    action = {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"}
    staff.post(f"{base}/", action)
    assert type(row).objects.filter(pk=row.pk).exists()


def test_the_stored_answer_of_a_key_is_not_shown(order: Transaction, staff: Client) -> None:
    record = IdempotencyRecord.objects.get()
    html = staff.get(f"/admin/transactions/idempotencyrecord/{record.pk}/change/").content.decode()
    assert "k-1" in html
    assert "Beans" not in html
    assert record.fingerprint not in html


def test_the_search_box_finds_an_exact_id_and_survives_anything_else(
    order: Transaction, staff: Client
) -> None:
    def found(model: str, term: str) -> int:
        response = staff.get(f"/admin/transactions/{model}/", {"q": term})
        assert response.status_code == 200
        return len(response.context["cl"].result_list)

    assert found("transaction", str(order.pk)) == 1
    assert found("account", str(order.account_id)) == 1
    assert found("idempotencyrecord", str(order.pk)) == 1
    for term in ("nonsense", "'; --", "%"):
        assert found("transaction", term) == found("idempotencyrecord", term) == 0


def test_lists_do_not_count_the_whole_table(
    order: Transaction, staff: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(4) as captured:  # Session, user, capped count, page.
        staff.get("/admin/transactions/transaction/")
    counts = [query["sql"] for query in captured if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT 10000" in sql for sql in counts)


def test_a_transaction_links_to_its_telemetry(
    order: Transaction, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reverse(name: str, args: list[str]) -> str:
        return f"/{name}/{args[0]}/"

    monkeypatch.setattr("transactions.admin.reverse", reverse)
    html = staff.get(f"/admin/transactions/transaction/{order.pk}/change/").content.decode()
    link = f'<a href="/admin:telemetry_transaction/{order.pk}/">Telemetry: what happened</a>'
    assert link in html


def test_the_page_opens_where_telemetry_has_no_pages(
    order: Transaction, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reverse(name: str, args: list[str]) -> str:
        raise NoReverseMatch(name)

    monkeypatch.setattr("transactions.admin.reverse", reverse)
    response = staff.get(f"/admin/transactions/transaction/{order.pk}/change/")
    assert response.status_code == 200
    assert "what happened" not in response.content.decode()


def test_a_clearing_account_opens_too(order: Transaction, staff: Client) -> None:
    clearing = Account.objects.get(kind="clearing", currency="USD")
    assert staff.get(f"/admin/transactions/account/{clearing.pk}/change/").status_code == 200
