"""`manage.py password` and the administrator that the first start makes."""

from io import StringIO

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import CommandError, call_command

from fintech import admin_user

pytestmark = pytest.mark.django_db


def test_the_first_administrator_can_log_in_with_the_password():
    password = admin_user.create_if_missing()
    user = authenticate(username="admin", password=password)
    assert user is not None
    assert user.is_superuser
    assert user.is_staff


def test_an_existing_administrator_is_left_alone():
    get_user_model().objects.create_superuser("root", password="known")
    assert admin_user.create_if_missing() is None
    assert not get_user_model().objects.filter(username="admin").exists()


def test_the_command_prints_a_new_password_that_works_and_ends_the_old():
    old = admin_user.create_if_missing()
    out = StringIO()
    call_command("password", stdout=out)
    new = out.getvalue().split("Password: ")[1].strip()
    assert authenticate(username="admin", password=new) is not None
    assert authenticate(username="admin", password=old) is None


def test_the_command_refuses_an_empty_name():
    with pytest.raises(CommandError, match="--username is empty"):
        call_command("password", username=" ")


def test_passwords_are_not_repeated():
    assert len({admin_user.generate_password() for _ in range(100)}) == 100
