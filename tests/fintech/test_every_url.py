"""Who sees what, of every address that the project has: nobody meets what they must not."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver, path
from rest_framework.authtoken.models import Token

from fintech import pages, urls
from telemetry.conf import settings
from tests.fintech import site_map
from tests.fintech.site_map import CANARIES, CUSTOMER, OPEN, Place, Rows, readable

# Django's own list of users can be narrowed by their groups.
ALSO = {"auth.view_user": {"auth.view_group"}}
pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rows:
    cache.clear()
    monkeypatch.setitem(settings.__dict__, "DATA_DIR", tmp_path)
    return site_map.build(tmp_path)


@pytest.fixture
def places(rows: Rows) -> list[Place]:
    return site_map.places(rows)


@pytest.fixture
def staff(rows: Rows, client: Client) -> Callable[..., Client]:
    """Signed in as a member of staff with these permissions and no other."""

    def make(*permissions: str) -> Client:
        user = User.objects.create_user("clerk", is_staff=True)
        for permission in permissions:
            label, _, codename = permission.partition(".")
            user.user_permissions.add(
                Permission.objects.get(content_type__app_label=label, codename=codename)
            )
        client.force_login(user)
        return client

    return make


def ask(client: Client, place: Place, method: str = "get") -> tuple[int, str]:
    response: Any = getattr(client, method)(f"/{place.path}")
    return response.status_code, readable(response)


def canaries(text: str, place: Place) -> set[str]:
    """What kinds of rows an answer tells of, apart from what was asked by name."""
    return met(text.replace(place.path, ""))


def met(text: str) -> set[str]:
    return {permission for permission, word in CANARIES.items() if word in text}


def walk(client: Client, places: list[Place], method: str) -> Iterator[tuple[Place, int, str]]:
    for place in places:
        status, text = ask(client, place, method)
        assert canaries(text, place) == set(), (method, place)
        yield place, status, text


def is_sent_to_login(status: int, text: str, place: Place) -> bool:
    # Signing out leads to the start of admin, and from there to the login.
    target = "/admin/" if place.path == "admin/logout/" else "/admin/login/"
    return status == 302 and f"'Location': '{target}" in text


def is_page(place: Place) -> bool:
    return place.path.startswith(("admin/", "api/docs/"))


def test_a_new_address_without_an_example_fails(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = path("new/<int:pk>/", pages.index)
    monkeypatch.setattr(get_resolver(), "url_patterns", [*urls.urlpatterns, added])
    with pytest.raises(site_map.NoExampleError, match="new/<int:pk>/"):
        site_map.places(rows)


@pytest.mark.parametrize("method", ["get", "post"])
def test_anonymous_visitors_see_the_front_page_and_the_login_alone(
    client: Client, places: list[Place], method: str
) -> None:
    for place, status, text in walk(client, places, method):
        if place.needs == OPEN:
            assert status == place.status, place
        elif is_page(place):
            assert is_sent_to_login(status, text, place), place
        else:
            assert status in (401, 405), place


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_customers_token_opens_their_own_part_of_the_api_alone(
    client: Client, places: list[Place], method: str
) -> None:
    token = Token.objects.create(user=User.objects.create_user("mallory"))
    bearer = Client(headers={"Authorization": f"Token {token.key}"})
    for place, status, text in walk(bearer, places, method):
        if place.needs == CUSTOMER:
            expected = {"get": {200, 404}, "post": {400, 405, 415}}[method]
            assert status in expected, place
        elif not place.path.startswith("admin/") and place.needs != OPEN:
            # A token of the API is none of /metrics.
            assert status in ((401, 405) if place.path == "metrics" else (403, 405)), place
        elif place.needs != OPEN:
            assert is_sent_to_login(status, text, place), place


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_customers_session_opens_nothing(
    client: Client, places: list[Place], method: str
) -> None:
    client.force_login(User.objects.create_user("mallory"))
    for place, status, text in walk(client, places, method):
        if place.needs == CUSTOMER:
            assert status == 401, place
        elif not place.path.startswith("admin/") and place.needs != OPEN:
            assert status in (403, 405), place
        elif place.needs != OPEN:
            assert is_sent_to_login(status, text, place), place


@pytest.mark.parametrize("method", ["get", "post"])
def test_staff_without_permission_see_no_row_of_any_kind(
    staff: Callable[..., Client], places: list[Place], method: str
) -> None:
    # Signing out ends the walk, and shows nothing.
    walked = [place for place in places if place.path != "admin/logout/"]
    for place, status, _ in walk(staff(), walked, method):
        if place.needs in CANARIES:
            assert status == 403 or (method == "post" and status == 405), place
        elif place.needs == CUSTOMER:
            assert status == 401, place
        elif method == "get":
            # Who is signed in is led on from the login.
            assert status == (302 if place.path == "admin/login/" else place.status), place


@pytest.mark.parametrize("permission", CANARIES)
def test_staff_with_one_permission_see_rows_of_that_kind_and_no_other(
    permission: str, staff: Callable[..., Client], places: list[Place]
) -> None:
    client = staff(permission)
    shown = 0
    for place in places:
        if place.needs not in CANARIES:
            continue
        status, text = ask(client, place)
        if place.needs != permission:
            assert (status, canaries(text, place)) == (403, set()), place
            continue
        assert status == place.status, place
        assert canaries(text, place) <= {permission} | ALSO.get(permission, set()), place
        assert not place.shows or permission in met(text), place
        shown += place.shows
    assert shown > 0


def test_what_no_pattern_names_is_open_and_tells_nothing(client: Client, rows: Rows) -> None:
    assert client.get("/healthz").content == b"ok\n"
    style = client.get("/static/telemetry/telemetry.css")
    assert style.status_code == 200
    style.close()
    for path_ in ("/metrics/", "/api/telemetry/nowhere/", "/var/db.sqlite3", "/journal/"):
        response = client.get(path_)
        assert response.status_code == 404
        assert "canary" not in readable(response)
