"""Who may look at what."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

import telemetry.dossier
from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

BASE = "/admin/telemetry/"
PAGES = [
    "",
    "request/",
    "log/",
    "error/",
    "metric/",
    "objective/",
    "status/",
    "find/",
    "trace/" + "0" * 32 + "/",
]


@pytest.mark.parametrize("page", PAGES)
def test_anonymous_visitors_are_sent_to_the_login(client: Client, page: str) -> None:
    answer = client.get(BASE + page)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("page", [*PAGES, "transaction/x/", "error/1/", "request/1/change/"])
def test_staff_without_permission_are_refused(
    client: Client, django_user_model: type[User], page: str
) -> None:
    client.force_login(django_user_model.objects.create_user("staff", is_staff=True))
    assert client.get(BASE + page).status_code == 403


@pytest.mark.parametrize("model", ["request", "log", "error"])
def test_nobody_can_add_change_or_delete(admin_client: Client, model: str) -> None:
    unit = factory.request()
    for page in (f"{model}/add/", f"{model}/{unit.pk}/delete/"):
        assert admin_client.post(BASE + page).status_code == 404
    assert admin_client.post(f"{BASE}{model}/", {"action": "delete_selected"}).status_code != 302
    assert (
        "addlink" not in admin_client.get("/admin/").text.split("Telemetry")[1].split("</table>")[0]
    )


def test_a_trace_hides_log_records_and_stacks_from_those_who_may_not_see_them(
    client: Client, django_user_model: type[User]
) -> None:
    user = django_user_model.objects.create_user("support", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_request"))
    client.force_login(user)
    unit = factory.request()
    factory.log(unit, "secret of the log")
    factory.error(unit, message="secret of the stack")
    text = client.get(f"{BASE}trace/{unit.uid}/").text
    assert "secret of" not in text
    assert "/admin/telemetry/log/" not in text


def test_a_dossier_section_needs_its_own_permission(
    viewer: Client, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = telemetry.DossierSection(
        "Ledger entries", ("account", "amount"), [("A-1", "12.34")], permission="auth.view_user"
    )
    monkeypatch.setattr(telemetry.dossier, "_sources", [lambda transaction_id: [section]])
    factory.request(transaction_id="tx-9")
    assert "Ledger entries" not in viewer.get(BASE + "transaction/tx-9/").text
    assert "12.34" in admin_client.get(BASE + "transaction/tx-9/").text
