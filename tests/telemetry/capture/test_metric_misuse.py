"""Wrong use of a metric is told before the work that it measures; many samples are not lost."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

import telemetry
from telemetry.capture import metrics
from telemetry.middleware import TelemetryMiddleware
from telemetry.testing import Captured


@pytest.fixture(autouse=True)
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_declared", {})


def test_a_block_timed_with_wrong_labels_does_not_run(telemetry_capture: Captured) -> None:
    took = telemetry.histogram("took_seconds", "", labels=["kind"])
    ran = []
    with pytest.raises(ValueError, match="took_seconds: labels"), took.time(wrong=1):
        ran.append(1)
    assert ran == []


@pytest.mark.parametrize("amount", ["a lot", None, [1], 10**400])
def test_a_counter_refuses_what_is_no_number_by_name(amount: object) -> None:
    with pytest.raises(ValueError, match="a_total: amount is"):
        telemetry.counter("a_total", "").inc(amount)  # type: ignore[arg-type]


def test_more_samples_than_a_record_holds_are_not_lost(telemetry_capture: Captured) -> None:
    many = telemetry.counter("many_total", "", labels=["name"])

    def view(request: object) -> HttpResponse:
        for number in range(1_000):
            many.inc(name=f"{number:0200d}")
        return HttpResponse()

    TelemetryMiddleware(view)(RequestFactory().get("/"))
    assert len(telemetry_capture.requests) == 1
    assert len({sample[2]["name"] for sample in telemetry_capture.samples}) == 1_000
