"""The administrator's account: made at the first start, with a password that nobody chose."""

import secrets

from django.contrib.auth import get_user_model

USERNAME = "admin"
# No letters or digits that are taken for one another when read aloud or retyped.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def generate_password() -> str:
    """Four groups of five characters, 99 bits."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
    return "-".join(groups)


def create_if_missing() -> str | None:
    """Creates `admin` unless there is a superuser; its password, or None if there was one."""
    if get_user_model().objects.filter(is_superuser=True, is_active=True).exists():
        return None
    return set_password(USERNAME)


def set_password(username: str) -> str:
    """Gives the user, made if missing, an administrator's rights and a new password; returns it."""
    password = generate_password()
    user, _ = get_user_model().objects.get_or_create(username=username)
    user.is_staff = user.is_superuser = user.is_active = True
    user.set_password(password)
    user.save()
    return password
