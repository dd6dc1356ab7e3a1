"""A store with rows of every kind, and who asks for them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from telemetry.conf import settings
from telemetry.models import LoadRun
from tests.loadtests.test_pages import result
from tests.telemetry import factory
from tests.telemetry.admin import scene
from tests.telemetry.admin.scene import Scene

ALL = ("request", "log", "error", "loadrun", "metric")


@pytest.fixture
def rows(db: None) -> Scene:
    """Some minutes of a payments API, and a load run."""
    now = datetime.now(UTC)
    LoadRun.objects.using(settings.DATABASE).create(
        id="r1", first_seen=now, last_seen=now, requests=1, result=result(1)
    )
    unit = factory.request(
        now, error="shop.Broken", load_run_id="r1", repeated=factory.repeated("SELECT 1")
    )
    factory.error(unit, "shop.Broken", "no such currency")
    for minute in (0, 0, 9):
        at = now - timedelta(minutes=minute, seconds=30)
        factory.served("api/transactions/", 0.012 + minute / 100, at)
        factory.served("api/transactions/", 1.4, at, 500)
    factory.served("api/accounts/", 0.3, now, 200, "GET")
    for second in range(9):
        factory.log(factory.request(now - timedelta(seconds=20 + second)), "payment accepted")
    return scene.units(now, factory.process())


@pytest.fixture
def few(db: None) -> None:
    """A request, and what the built-in metrics say of it."""
    now = datetime.now(UTC)
    factory.request(now)
    factory.served("api/payments/", 0.2, now)


@pytest.fixture
def staff(db: None) -> Callable[..., APIClient]:
    """A client with a token of a member of staff who may view these kinds; all by default."""

    def make(*kinds: str) -> APIClient:
        user = User.objects.create_user(f"clerk-{User.objects.count()}", is_staff=True)
        names = [f"view_{kind}" for kind in kinds or ALL]
        user.user_permissions.set(
            Permission.objects.filter(content_type__app_label="telemetry", codename__in=names)
        )
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=user).key}")
        return client

    return make


@pytest.fixture
def api(staff: Callable[..., APIClient]) -> APIClient:
    """Staff who may view everything."""
    return staff()
