"""The schema has no warnings, matches what is answered, and its page needs no other server."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from transactions.models import Account


@pytest.fixture
def schema(tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(path))
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return document


def test_every_address_and_method_is_described(schema: dict[str, Any]) -> None:
    described = {(path, method) for path, item in schema["paths"].items() for method in item}
    assert described == {
        ("/api/accounts/", "get"),
        ("/api/accounts/", "post"),
        ("/api/accounts/{id}/", "get"),
        ("/api/accounts/{id}/statement/", "get"),
        ("/api/transactions/", "get"),
        ("/api/transactions/", "post"),
        ("/api/transactions/{id}/", "get"),
    }


def test_problems_are_described_as_problems(schema: dict[str, Any]) -> None:
    responses = schema["paths"]["/api/transactions/"]["post"]["responses"]
    assert set(responses) == {"201", "400", "401", "409", "413", "415", "422", "429"}
    assert list(responses["400"]["content"]) == ["application/problem+json"]


def test_answers_have_the_described_members(
    schema: dict[str, Any], place: Any, api: APIClient, account: Account
) -> None:
    components = schema["components"]["schemas"]
    statement = api.get(f"/api/accounts/{account.pk}/statement/").json()["results"][0]
    answers = {
        "Transaction": place().json(),
        "Account": api.get(f"/api/accounts/{account.pk}/").json(),
        "StatementEntry": statement,
    }
    for name, answer in answers.items():
        assert set(answer) == set(components[name]["properties"]), name
    problem = place(amount="0").json()
    assert set(components["Problem"]["required"]) <= set(problem)
    assert set(problem) <= set(components["Problem"]["properties"])


@pytest.mark.django_db
def test_the_documentation_loads_from_this_server_only() -> None:
    response = Client().get("/api/docs/")
    assert response.status_code == 200
    html = response.content.decode()
    assets = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert '"validatorUrl": null' in html
    assert assets
    for asset in assets:
        assert "//" not in asset
        assert finders.find(asset.removeprefix("/static/")), asset


@pytest.mark.django_db
def test_the_schema_is_served_to_everybody() -> None:
    response = Client().get("/api/schema/")
    assert response.status_code == 200
    assert yaml.safe_load(response.content)["info"]["title"] == "Fintech payments API"
