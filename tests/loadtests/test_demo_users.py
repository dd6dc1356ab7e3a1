"""A file of demo users that cannot be used is one line that says what to do."""

from pathlib import Path

import pytest

from loadtests import demo_users
from loadtests.demo_users import DemoUsersError
from tests.loadtests.locust import run_locust

GOOD = '[{"username": "u", "token": "t", "accounts": [{"id": "1", "currency": "USD"}]}]'


def test_users_are_read_with_their_accounts(tmp_path: Path) -> None:
    file = tmp_path / "users.json"
    file.write_text(GOOD)
    (user,) = demo_users.load(file)
    assert (user.username, user.token, user.accounts[0].currency) == ("u", "t", "USD")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        "null",
        "[1]",
        '[{"username": "u", "token": "t", "accounts": []}]',
        "\x00",
    ],
)
def test_a_file_of_another_shape_names_the_command_that_writes_it(
    content: str, tmp_path: Path
) -> None:
    file = tmp_path / "users.json"
    file.write_text(content)
    with pytest.raises(DemoUsersError, match="seed_demo"):
        demo_users.load(file)


def test_locust_without_demo_users_ends_with_one_line(tmp_path: Path) -> None:
    done = run_locust("-t", "2s", env={"FINTECH_DATA_DIR": str(tmp_path)}, results=tmp_path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    for part in (
        str(tmp_path / "demo-users.json"),
        "seed_demo",
        "--demo-users",
        "FINTECH_DATA_DIR",
    ):
        assert part in last
    assert "Traceback" not in done.stderr


def test_a_results_folder_that_cannot_be_made_ends_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text(GOOD)
    (tmp_path / "file").write_text("")
    done = run_locust(
        "-t", "2s", "--demo-users", str(tmp_path / "users.json"), results=tmp_path / "file" / "x"
    )
    assert done.returncode == 1
    assert "--results" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("option", "value"), [("--run-id", "a b"), ("--think-time", "x"), ("--request-timeout", "0")]
)
def test_a_bad_option_is_named(option: str, value: str, tmp_path: Path) -> None:
    done = run_locust(option, value, results=tmp_path)
    assert done.returncode == 2
    assert option in done.stderr
