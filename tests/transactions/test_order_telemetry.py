"""What an order tells telemetry: bound attributes, metric samples and log records."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

import telemetry
from transactions import metrics
from transactions.api.throttling import ApiRateThrottle
from transactions.gateway import Answer, GatewayError, GatewayTimeoutError
from transactions.models import Account, Transaction

pytestmark = pytest.mark.django_db


class Samples:
    """Stands in for a metric and keeps its samples."""

    def __init__(self) -> None:
        self.all: list[dict[str, str]] = []

    def inc(self, amount: float = 1, **labels: str) -> None:
        self.all.append(labels)

    def observe(self, value: float, **labels: str) -> None:
        assert 0 < value < 10
        self.all.append(labels)


@pytest.fixture
def bound(account: Account, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    monkeypatch.setattr(telemetry, "bind", lambda **given: attributes.update(given))
    return attributes


@pytest.fixture
def samples(account: Account, monkeypatch: pytest.MonkeyPatch) -> dict[str, Samples]:
    kept = {name: Samples() for name in ("TRANSACTIONS", "DURATION", "ERRORS", "DECLINES")}
    for name, metric in kept.items():
        monkeypatch.setattr(metrics, name, metric)
    return kept


OUTCOMES = [
    (Answer(True), {}, "success"),
    (Answer(False, "do_not_honor"), {}, "declined"),
    (Answer(True), {"amount": "1000.00"}, "declined"),
    (GatewayError("gateway_unavailable", "down"), {}, "error"),
    (GatewayTimeoutError("silence"), {}, "unknown"),
]


@pytest.mark.parametrize(("answer", "changes", "outcome"), OUTCOMES)
def test_every_placed_order_binds_its_identity_and_outcome_and_is_counted_once(
    answer: Any, changes: Any, outcome: str,
    gateway: Any, place: Any, bound: dict[str, Any], samples: dict[str, Samples],
) -> None:  # fmt: skip
    gateway.outcome = answer
    body = place(key="k-1", **changes).json()
    assert bound["transaction.id"] == body["id"]
    assert bound["transaction.type"] == "payment"
    assert bound["payment.outcome"] == outcome
    assert bound.get("decline.code") == body["decline_code"]
    assert samples["TRANSACTIONS"].all == [{"type": "payment", "outcome": outcome}]
    assert samples["DURATION"].all == [{"type": "payment"}]
    expected_code = {"error": "gateway_unavailable", "unknown": "gateway_timeout"}.get(outcome)
    errors = [] if expected_code is None else [{"type": "payment", "code": expected_code}]
    assert samples["ERRORS"].all == errors
    declines = [{"type": "payment", "code": body["decline_code"]}] if outcome == "declined" else []
    assert samples["DECLINES"].all == declines


def test_a_gateway_cannot_make_series_without_end() -> None:
    codes = metrics.Codes(most=2)
    given = ["do_not_honor", "4000 0000 0000 0002", "x" * 41, "", "expired", "third", "expired"]
    expected = ["do_not_honor", "other", "other", "other", "expired", "other", "expired"]
    assert [codes.label(code) for code in given] == expected


def test_the_idempotency_key_is_bound_as_a_keyed_hash(
    gateway: Any, place: Any, bound: dict[str, Any], settings: Any
) -> None:
    place(key="customer-key")
    first = bound["idempotency.key_hash"]
    assert len(first) == 16
    assert "customer-key" not in str(bound)
    settings.SECRET_KEY = "another" * 10
    place(key="customer-key")
    assert bound["idempotency.key_hash"] != first


def test_a_replay_binds_the_original_and_is_not_counted(
    gateway: Any, place: Any, bound: dict[str, Any], samples: dict[str, Samples]
) -> None:
    gateway.outcome = Answer(False, "do_not_honor")
    body = place(key="k-1").json()
    bound.clear()
    place(key="k-1")
    assert bound["transaction.id"] == body["id"]
    assert (bound["payment.outcome"], bound["decline.code"]) == ("declined", "do_not_honor")
    assert len(samples["TRANSACTIONS"].all) == 1


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({"amount": "0"}, "payment"), ({"currency": "EUR"}, "payment"),
     ({"type": "x" * 99}, "unknown"), ({"type": ["payment"]}, "unknown")],
)  # fmt: skip
def test_a_refused_request_is_rejected(
    changes: Any, kind: str, place: Any, bound: dict[str, Any], samples: dict[str, Samples]
) -> None:
    assert place(**changes).status_code == 400
    assert bound["payment.outcome"] == "rejected"
    assert samples["TRANSACTIONS"].all == [{"type": kind, "outcome": "rejected"}]


def test_a_request_without_a_token_is_rejected(
    bound: dict[str, Any], order_body: Callable[..., dict[str, Any]]
) -> None:
    APIClient().post("/api/transactions/", order_body(), format="json")
    assert bound["payment.outcome"] == "rejected"


def test_a_throttled_request_is_throttled(
    place: Any, bound: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ApiRateThrottle, "THROTTLE_RATES", {"api": "1/min"})
    place()
    assert place().status_code == 429
    assert bound["payment.outcome"] == "throttled"


def test_an_unexpected_error_is_an_error(
    place: Any, api: APIClient, bound: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*args: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("transactions.services.orders._open", explode)
    api.raise_request_exception = False
    assert place().status_code == 500
    assert bound["payment.outcome"] == "error"


def test_reading_binds_no_outcome(api: APIClient, bound: dict[str, Any]) -> None:
    api.get("/api/transactions/")
    api.get("/api/transactions/?status=nonsense")
    assert "payment.outcome" not in bound


@pytest.mark.parametrize(
    ("answer", "level", "text"),
    [
        (Answer(True), logging.INFO, "Transaction settled"),
        (Answer(False, "expired_card"), logging.WARNING, "Transaction declined: expired_card"),
        (GatewayError("down", "d"), logging.ERROR, "Transaction failed: down"),
        (
            GatewayTimeoutError("silence"),
            logging.ERROR,
            "Transaction left pending: gateway_timeout",
        ),
    ],
)
def test_an_order_logs_its_arrival_and_its_end(
    answer: Any, level: int, text: str, gateway: Any, place: Any, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.outcome = answer
    with caplog.at_level(logging.INFO, "transactions"):
        identifier = place().json()["id"]
    records = [record for record in caplog.records if record.name == "transactions.services"]
    assert [record.getMessage() for record in records] == ["Transaction received", text]
    assert records[1].levelno == level
    assert {vars(record)["transaction.id"] for record in records} == {identifier}
    if level == logging.ERROR:
        assert records[1].exc_info is not None
        assert records[1].exc_info[1] is answer


def test_the_description_is_never_logged(
    gateway: Any, place: Any, caplog: pytest.LogCaptureFixture, user: User
) -> None:
    with caplog.at_level(logging.DEBUG):
        place(description="for my divorce lawyer")
    assert Transaction.objects.filter(description="for my divorce lawyer").exists()
    for record in caplog.records:
        if record.name.startswith("transactions"):
            assert "divorce" not in str(vars(record))
