"""What a metric may be called is checked when it is declared; the error names the argument."""

from collections.abc import Callable
from typing import Any

import pytest

import telemetry
from telemetry.capture import metrics


@pytest.fixture(autouse=True)
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_declared", {})


Declare = Callable[..., metrics.Metric]
EVERY: list[tuple[Declare, str]] = [
    (telemetry.counter, "shop_{}_total"),
    (telemetry.gauge, "shop_{}"),
    (telemetry.histogram, "shop_{}"),
]


@pytest.mark.parametrize(
    "name", ["1_total", "a b_total", "", "ü_total", "a-b_total", "a_total\n", None, 3, "x" * 200]
)
def test_names_that_prometheus_refuses(name: Any) -> None:
    with pytest.raises(ValueError, match=r"^name: "):
        telemetry.counter(name, "Paid.")


@pytest.mark.parametrize(
    ("declare", "name"),
    [
        (telemetry.counter, "paid"),
        (telemetry.counter, "paid_bucket_total"),
        (telemetry.gauge, "paid_total"),
        (telemetry.gauge, "paid_count"),
        (telemetry.gauge, "paid_bucket"),
        (telemetry.gauge, "paid_created"),
        (telemetry.histogram, "paid_total"),
        (telemetry.histogram, "paid_sum"),
    ],
)
def test_names_that_say_another_type(declare: Declare, name: str) -> None:
    with pytest.raises(ValueError, match=rf"^name: '{name}'"):
        declare(name, "Paid.")


@pytest.mark.parametrize(("declare", "name"), EVERY)
@pytest.mark.parametrize(
    "labels",
    [
        ["__own"], ["a-b"], ["1"], [""], ["ü"], ["a\n"], [None], [3], ["le"], ["quantile"],
        ["otel_metric_overflow"], ["self"], ["a", "b", "a"], "currency", 3, None,
    ],
)  # fmt: skip
def test_labels_that_prometheus_refuses(declare: Declare, name: str, labels: Any) -> None:
    with pytest.raises(ValueError, match=r"^labels: "):
        declare(name.format("now"), "G.", labels=labels)


def test_a_label_that_no_observation_could_give_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^labels: 'amount'"):
        telemetry.counter("paid_total", "", labels=["amount"])
    with pytest.raises(ValueError, match=r"^labels: 'value'"):
        telemetry.histogram("paid_seconds", "", labels=["value"])
    telemetry.counter("paid_total", "", labels=["value"]).inc(value="x")
    telemetry.gauge("paid_now", "", labels=["amount"]).set(3, amount="x")


@pytest.mark.parametrize(("declare", "name"), EVERY)
@pytest.mark.parametrize("text", [None, 3, "\udc80"])
def test_help_is_a_text(declare: Declare, name: str, text: Any) -> None:
    with pytest.raises(ValueError, match=r"^help: "):
        declare(name.format("now"), text)


@pytest.mark.parametrize(("declare", "name"), EVERY)
@pytest.mark.parametrize("unit", ["bytes", "m/s", 3, "seconds\n"])
def test_a_name_ends_in_its_unit(declare: Declare, name: str, unit: Any) -> None:
    with pytest.raises(ValueError, match=r"^unit: "):
        declare(name.format("size"), "S.", unit=unit)


def test_units_that_a_name_ends_in() -> None:
    assert telemetry.counter("sent_bytes_total", "", unit="bytes").unit == "bytes"
    assert telemetry.gauge("used_ratio", "", unit="ratio").unit == "ratio"
    assert telemetry.gauge("items", "", unit="1").unit == "1"
    assert telemetry.histogram("wait_seconds", "").unit == "seconds"
    # Without a unit given, only a name that says so is in seconds.
    assert telemetry.histogram("basket_items", "").unit == ""
    with pytest.raises(ValueError, match=r"^unit: .* call the metric 'sent_bytes_total'"):
        telemetry.counter("sent_total", "", unit="bytes")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((telemetry.gauge, "paid"), (telemetry.counter, "paid_total")),
        ((telemetry.histogram, "paid"), (telemetry.counter, "paid_total")),
        ((telemetry.counter, "paid_total"), (telemetry.gauge, "paid")),
    ],
)
def test_two_metrics_have_no_sample_of_one_name(
    first: tuple[Declare, str], second: tuple[Declare, str]
) -> None:
    first[0](first[1], "A.")
    with pytest.raises(ValueError, match=f"^name: '{second[1]}' is written as '{first[1]}'"):
        second[0](second[1], "B.")
    # What was refused is not declared.
    assert list(metrics._declared) == [first[1]]
