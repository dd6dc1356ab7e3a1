"""/healthz answers whatever the host, the scheme and the state of the databases."""

import pytest
from django.test import AsyncClient


def test_it_answers_without_database_host_check_or_redirect(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    reply = client.get("/healthz", HTTP_HOST="10.0.0.7")
    assert (reply.status_code, reply.content) == (200, b"ok\n")
    assert reply.headers["Cache-Control"] == "no-store"


def test_it_answers_asynchronously(settings):
    import asyncio

    reply = asyncio.run(AsyncClient().get("/healthz"))
    assert (reply.status_code, reply.content) == (200, b"ok\n")


def test_other_methods_are_refused(client):
    reply = client.post("/healthz")
    assert (reply.status_code, reply.headers["Allow"]) == (405, "GET, HEAD")


def test_other_paths_pass(client):
    assert client.get("/healthz/").status_code == 404


def test_the_front_page_names_the_places(client):
    page = client.get("/").content.decode()
    for place in ("/admin/", "/admin/telemetry/", "/api/docs/"):
        assert f'href="{place}"' in page


@pytest.mark.django_db
def test_the_places_exist(admin_client):
    for place in ("/admin/", "/api/docs/"):
        assert admin_client.get(place).status_code == 200
