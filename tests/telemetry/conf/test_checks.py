"""Each check says what is wrong under its id, and what to change."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db.backends.sqlite3 import base
from django.test import override_settings

from telemetry import checks, rules
from telemetry.capture import metrics
from telemetry.conf import settings

# From Django 6.1 on some of its own checks ask the databases.
pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
FIRST = checks.MIDDLEWARE
OTHER = "django.middleware.common.CommonMiddleware"


def found(telemetry: Any, *, deploy: bool = False) -> dict[str, str]:
    """Id → hint of telemetry's messages, with this `TELEMETRY`."""
    with override_settings(TELEMETRY=telemetry):
        messages = run_checks(include_deployment_checks=deploy)
    return {m.id: m.hint or "" for m in messages if m.id and m.id.startswith("telemetry.")}


@pytest.fixture(autouse=True)
def _sound_library(monkeypatch: pytest.MonkeyPatch) -> None:
    library((3, 51, 3), monkeypatch)


def library(version: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    text = ".".join(map(str, version))
    fake = SimpleNamespace(sqlite_version_info=version, sqlite_version=text)
    monkeypatch.setattr(base, "Database", fake)


def test_the_defaults_pass() -> None:
    assert found({}) == {}


@pytest.mark.parametrize(
    ("key", "hint"),
    [("LOG_LEVLE", "'LOG_LEVEL'"), ("ingest", "'INGEST'"), ("zzz", "DATA_DIR"), (5, "DATA_DIR")],
)
def test_an_unknown_key_is_named_with_the_one_that_was_meant(key: Any, hint: str) -> None:
    messages = found({key: 1})
    assert hint in messages["telemetry.E001"]


@pytest.mark.parametrize("given", [None, [], "INGEST=off", 5])
def test_a_setting_that_is_no_dictionary_is_said_and_breaks_nothing(given: Any) -> None:
    assert "TELEMETRY = {" in found(given)["telemetry.E001"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("INGEST", "on"),
        ("INGEST", None),
        ("LOG_LEVEL", "debug"),
        ("LOG_LEVEL", 10),
        ("LOG_LEVEL", []),
        ("LOG_FILES", "yes"),
        ("DETAIL_SAMPLE", 1.01),
        ("DETAIL_SAMPLE", -0.1),
        ("DETAIL_SAMPLE", True),
        ("DETAIL_SAMPLE", float("nan")),
        ("SELF_PATHS", "/admin/"),
        ("IGNORE_COMMANDS", [1]),
        ("SENSITIVE_KEYS", {"iban"}),
        ("LOAD_RESULTS_DIR", 5),
        ("DATA_DIR", 5),
        ("DATA_DIR", ""),
        ("DATABASE", 5),
        ("DATABASE", ["telemetry"]),
        ("DATABASE", ""),
        ("MAX_RECORD_BYTES", 100),
        ("STORE_MAX_BYTES", 0),
        *((key, 0) for key, (rule, _) in rules.RULES.items() if rule is rules.positive),
        ("CAPTURE_HEADERS", "Referer"),
        ("CAPTURE_HEADERS", ["Refer er"]),
        ("SLOW_SECONDS", "1"),
        ("POLL_SECONDS", True),
    ],
)
def test_a_value_that_its_key_cannot_have_is_named(key: str, value: Any) -> None:
    with override_settings(TELEMETRY={key: value}):
        messages = checks.check_values(None)
    assert [message.id for message in messages] == ["telemetry.E002"]
    assert f"TELEMETRY['{key}'] is {value!r}" in messages[0].msg
    assert messages[0].hint
    # The other checks say nothing worse of it than they can know.
    assert "telemetry.E002" in found({key: value})


@pytest.mark.parametrize(
    "name",
    ["Authorization", "cookie", "X-Api-Key", "X-CSRFToken", "Idempotency-Key", "X-Forwarded-For",
     "X-Amz-Security-Token", "Proxy-Authorization", "X-Real-IP"],
)  # fmt: skip
def test_a_header_that_holds_secrets_is_refused(name: str) -> None:
    assert name in found({"CAPTURE_HEADERS": ["Referer", name]})["telemetry.E006"]


def test_other_headers_pass() -> None:
    assert found({"CAPTURE_HEADERS": ["Referer", "Accept-Language", "X-Client-Version"]}) == {}


def test_a_missing_database_is_given_as_a_line_to_add() -> None:
    hint = found({"DATABASE": "elsewhere"})["telemetry.W003"]
    assert 'Add to DATABASES: "elsewhere": {"ENGINE": "django.db.backends.sqlite3"' in hint


def test_the_money_database_is_not_for_telemetry() -> None:
    assert "django.db.backends.sqlite3" in found({"DATABASE": "default"})["telemetry.E003"]


@pytest.mark.parametrize(
    ("listed", "id"),
    [([OTHER], "telemetry.W004"), ([OTHER, FIRST], "telemetry.W001"), ([], "telemetry.W004")],
)
def test_the_middleware_stands_first(listed: list[str], id: str) -> None:  # noqa: A002
    with override_settings(MIDDLEWARE=listed):
        (message,) = checks.check_middleware(None)
    assert message.id == id
    assert FIRST in (message.hint or "")


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 4), False),
    ],
)
def test_an_affected_sqlite_is_a_warning_and_an_error_where_deployed(
    version: tuple[int, int, int], affected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(version, monkeypatch)
    assert set(found({})) == ({"telemetry.W002"} if affected else set())
    deployed = found({}, deploy=True)
    assert set(deployed) == ({"telemetry.W002", "telemetry.E005"} if affected else set())
    assert all("pysqlite3" in hint for hint in deployed.values())


def test_settings_are_read_again_when_they_change() -> None:
    before = settings.SLOW_SECONDS
    with override_settings(TELEMETRY={"SLOW_SECONDS": 7}):
        assert settings.SLOW_SECONDS == 7
    assert before == settings.SLOW_SECONDS
    with pytest.raises(AttributeError, match="SLOW"):
        _ = settings.SLOW


def test_a_metric_with_the_name_of_one_of_telemetrys_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_declared", {})
    metrics.counter("shop_requests_total", "Requests of the shop.")
    assert found({}) == {}
    metrics.counter("http_server_requests_total", "Requests, counted once more.", labels=("shop",))
    assert "docs/metrics-builtin.md" in found({})["telemetry.E007"]
