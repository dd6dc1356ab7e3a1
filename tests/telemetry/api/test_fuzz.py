"""Whatever a client sends: no 500, and every answer is as the OpenAPI document says."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi import checks

from tests.telemetry.admin.scene import TRANSACTION, Scene

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
# Of each operation and kind of arguments: as they should be, and as they should not.
EXAMPLES = 30
SOAK_EXAMPLES = 2_000
# The others are about credentials, methods, and what no document can say of arguments (a range
# that is reversed, a metric that there is not).
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
OPERATIONS = 10
load_all_checks()


@pytest.fixture(autouse=True)
def _open_connections() -> Iterator[None]:
    """As Django's own test client has it: the end of a request closes no connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def fuzz(rows: Scene, api: APIClient) -> Callable[[int], dict[str, int]]:
    """Asks every operation of telemetry so many times; how often it was answered with 200."""
    cache.clear()
    headers = {"Authorization": api._credentials["HTTP_AUTHORIZATION"]}
    schema = schemathesis.openapi.from_wsgi(
        "/api/schema/", get_wsgi_application(), headers=headers, base_url="http://localhost"
    )
    known = {
        "requests": rows.payment.uid,
        "errors": rows.error_id,
        "traces": TRANSACTION,
        "loadruns": "r1",
        "metrics": "http_server_request_duration_seconds",
    }

    def run(examples: int) -> dict[str, int]:
        found = {}
        for result in schema.include(path_regex="^/api/telemetry/").get_all_operations():
            operation = result.ok()
            kind = operation.path.split("/")[3]
            found[operation.label] = _ask(operation, known.get(kind), examples)
        return found

    def _ask(operation: Any, real: Any, examples: int) -> int:
        answered = 0

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=_cases(operation, real))
        def ask(case: Any) -> None:
            nonlocal answered
            response = case.call_and_validate(headers=headers, checks=CHECKS)
            answered += response.status_code == 200

        ask()
        return answered

    return run


def _cases(operation: Any, real: Any) -> st.SearchStrategy[Any]:
    """Half of those with an id in the path have one that there is."""
    cases = []
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        cases.append(operation.as_strategy(generation_mode=mode))
        for parameter in operation.path_parameters:
            path = {parameter.name: real}
            cases.append(operation.as_strategy(generation_mode=mode, path_parameters=path))
    return st.one_of(cases)


def test_nothing_is_answered_with_a_fault(fuzz: Callable[[int], dict[str, int]]) -> None:
    answered = fuzz(EXAMPLES)
    assert len(answered) == OPERATIONS
    assert [label for label, times in answered.items() if not times] == []


@pytest.mark.soak
def test_nothing_is_answered_with_a_fault_for_long(fuzz: Callable[[int], dict[str, int]]) -> None:
    assert len(fuzz(SOAK_EXAMPLES)) == OPERATIONS
