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

from tests.site import environment, manage
from transactions.models import Account

# What an anonymous client and a customer are answered.
ASK = """
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.authtoken.models import Token
key = Token.objects.create(user=User.objects.create_user("carol")).key
print(Client().get("/api/schema/", headers={"host": "localhost"}).status_code)
headers = {"host": "localhost", "authorization": f"Token {key}"}
print(Client().get("/api/schema/", headers=headers).status_code)
"""


@pytest.fixture
def schema(tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(path))
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return document


def test_every_address_and_method_is_described(schema: dict[str, Any]) -> None:
    described = {(path, method) for path, item in schema["paths"].items() for method in item}
    own = {each for each in described if not each[0].startswith("/api/telemetry/")}
    assert own == {
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
def test_the_documentation_loads_from_this_server_only(admin_client: Client) -> None:
    response = admin_client.get("/api/docs/")
    assert response.status_code == 200
    html = response.content.decode()
    assets = re.findall(r'(?:src|href)="([^"]+)"', html)
    (script,) = [asset for asset in assets if asset.startswith("/api/docs/")]
    assert '"validatorUrl": null' in admin_client.get(script).content.decode()
    assert len(assets) > 4
    for asset in assets:
        assert "//" not in asset
        assert asset == script or finders.find(asset.removeprefix("/static/")), asset


@pytest.mark.django_db
def test_the_schema_is_served_to_staff(admin_client: Client) -> None:
    response = admin_client.get("/api/schema/")
    assert response.status_code == 200
    assert yaml.safe_load(response.content)["info"]["title"] == "Fintech payments API"


@pytest.mark.django_db
def test_the_documentation_is_closed_to_everybody_else(api: APIClient) -> None:
    assert (Client().get("/api/schema/").status_code, api.get("/api/schema/").status_code) == (
        401,
        403,
    )
    for path in ("/api/docs/", "/api/docs/?script="):
        assert Client().get(path)["Location"].startswith("/admin/login/?next=/api/docs/")
        assert api.get(path).status_code == 403


@pytest.mark.parametrize(
    ("readers", "anonymous", "customer"), [("users", 401, 200), ("all", 200, 200)]
)
def test_the_environment_opens_the_documentation(
    readers: str, anonymous: int, customer: int, tmp_path: Path
) -> None:
    env = environment(tmp_path, API_DOCS=readers)
    assert manage("migrate", env=env).returncode == 0
    done = manage("shell", "--no-imports", "-c", ASK, env=env)
    assert done.stdout.split() == [str(anonymous), str(customer)], done.stderr
