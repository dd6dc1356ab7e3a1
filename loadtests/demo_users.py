"""The users to act as: tokens and accounts from the file that `manage.py seed_demo` writes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class DemoUsersError(Exception):
    """The file cannot be used; the message is one line that says what to do."""


@dataclass(frozen=True)
class Account:
    """An account as the API names it; `currency` is ISO 4217."""

    id: str
    currency: str


@dataclass(frozen=True)
class DemoUser:
    """A user with a token for `Authorization: Token …`."""

    username: str
    token: str
    accounts: Sequence[Account]


def load(path: Path) -> list[DemoUser]:
    """The users in the file, at least one, each with an account; raises DemoUsersError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DemoUsersError(
            f"{path} is not there. Run `python manage.py seed_demo` in the project, or name the "
            "file with --demo-users FILE (or its folder with FINTECH_DATA_DIR)."
        ) from None
    except OSError as error:
        raise DemoUsersError(
            f"{path} cannot be read: {error.strerror}. Name another with --demo-users FILE."
        ) from None
    except ValueError:
        raise _unusable(path) from None
    users = _users(content)
    if not users or not all(user.accounts for user in users):
        raise _unusable(path)
    return users


def _users(content: Any) -> list[DemoUser]:
    try:
        return [
            DemoUser(
                str(user["username"]),
                str(user["token"]),
                [Account(str(one["id"]), str(one["currency"])) for one in user["accounts"]],
            )
            for user in content
        ]
    except (TypeError, KeyError):
        return []


def _unusable(path: Path) -> DemoUsersError:
    return DemoUsersError(
        f"{path} is not a list of users with tokens and accounts. "
        "Run `python manage.py seed_demo` in the project to write it anew."
    )
