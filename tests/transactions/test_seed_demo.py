"""Demo users: funded by real deposits, usable at once, and never made twice."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from transactions.models import Account, LedgerEntry, Transaction
from transactions.services.audit import check_ledger

pytestmark = pytest.mark.django_db


@pytest.fixture
def data_dir(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def seed(data_dir: Path, users: int) -> Any:
    call_command("seed_demo", "--users", str(users), verbosity=0)
    return json.loads((data_dir / "demo-users.json").read_text())


def counts() -> list[int]:
    return [model.objects.count() for model in (User, Account, Transaction, LedgerEntry)]


def test_the_file_describes_users_who_can_pay_at_once(data_dir: Path) -> None:
    users = seed(data_dir, 3)
    assert [user["username"] for user in users] == ["demo-0001", "demo-0002", "demo-0003"]
    assert set(users[0]) == {"username", "token", "accounts"}
    assert set(users[0]["accounts"][0]) == {"id", "currency", "balance"}
    assert {account["currency"] for account in users[0]["accounts"]} == {"USD", "EUR", "GBP", "JPY"}
    account = next(each for each in users[0]["accounts"] if each["currency"] == "USD")
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Token {users[0]['token']}")
    assert api.get(f"/api/accounts/{account['id']}/").json()["balance"] == account["balance"]
    order = {"account": account["id"], "type": "payment", "amount": "1.00", "currency": "USD"}
    assert api.post("/api/transactions/", order, format="json").json()["status"] == "completed"


def test_balances_come_from_double_entry_deposits(data_dir: Path) -> None:
    seed(data_dir, 2)
    assert Transaction.objects.filter(type="deposit", status="completed").count() == 8
    assert check_ledger().problems == ()


def test_running_it_again_adds_nothing_and_keeps_the_tokens(data_dir: Path) -> None:
    first = seed(data_dir, 3)
    before = counts()
    assert seed(data_dir, 3) == first
    assert counts() == before


def test_more_users_are_added_to_those_that_exist(data_dir: Path) -> None:
    first = seed(data_dir, 2)
    assert seed(data_dir, 4)[:2] == first
    assert User.objects.count() == 4


def test_what_is_missing_of_a_user_is_completed(data_dir: Path) -> None:
    User.objects.create(username="demo-0001")
    users = seed(data_dir, 1)
    assert len(users[0]["accounts"]) == 4
    assert User.objects.get().groups.get().name == "demo"


def test_nobody_can_log_in_with_a_password(data_dir: Path) -> None:
    seed(data_dir, 1)
    assert not User.objects.get().has_usable_password()


def test_the_file_is_the_owners_and_leaves_no_draft(data_dir: Path) -> None:
    seed(data_dir, 1)
    seed(data_dir, 1)
    path = data_dir / "demo-users.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in data_dir.iterdir()] == [path.name]


@pytest.mark.parametrize("users", ["0", "-1", "10000", "many", "1.5", "", "\u0665"])
def test_a_bad_number_of_users_is_refused(users: str, data_dir: Path) -> None:
    with pytest.raises(CommandError, match="--users"):
        call_command("seed_demo", f"--users={users}")
    assert not User.objects.exists()


def test_an_unwritable_file_is_one_clear_line(data_dir: Path) -> None:
    (data_dir / "demo-users.json").mkdir()
    with pytest.raises(CommandError, match=r"demo-users\.json cannot be written"):
        seed(data_dir, 1)
