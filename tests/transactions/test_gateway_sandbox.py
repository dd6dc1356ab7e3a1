"""The sandbox gateway keeps to its profile and decides once for a reference."""

import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from transactions.checks import check_gateway
from transactions.gateway import GatewayError, GatewayTimeoutError, Order, current
from transactions.gateway.profiles import read
from transactions.gateway.sandbox import SandboxGateway, profile_named

LATENCY = {"distribution": "constant", "seconds": 0}


def order(reference: str) -> Order:
    return Order(reference, "payment", 100, "USD")


def fate(call: Any) -> str:
    try:
        answer = call()
    except (GatewayError, GatewayTimeoutError) as error:
        return type(error).__name__
    return answer.decline_code or "approved"


def test_what_status_says_is_what_submit_decided() -> None:
    gateway = SandboxGateway(profile_named("flaky"), seed="s", sleep=lambda seconds: None)
    for number in range(500):
        submitted = fate(lambda: gateway.submit(order(f"r{number}")))  # noqa: B023 (called at once)
        if submitted != "GatewayTimeoutError":
            assert fate(lambda: gateway.status(f"r{number}")) == submitted  # noqa: B023


def test_another_gateway_with_the_same_seed_decides_alike_and_with_another_seed_not() -> None:
    def fates(seed: str) -> list[str]:
        gateway = SandboxGateway(profile_named("flaky"), seed=seed, sleep=lambda seconds: None)
        return [fate(lambda: gateway.status(f"r{n}")) for n in range(200)]  # noqa: B023

    assert fates("s") == fates("s")
    assert fates("s") != fates("t")


def test_after_a_time_out_status_knows_the_decision() -> None:
    profile = read("silent", {"latency": LATENCY, "timeout_rate": 1})
    gateway = SandboxGateway(profile, seed="s")
    with pytest.raises(GatewayTimeoutError):
        gateway.submit(order("r"))
    assert gateway.status("r").approved


@pytest.mark.parametrize("name", ["realistic", "flaky", "seed"])
def test_declines_and_errors_come_at_the_rates_of_the_profile(name: str) -> None:
    profile = profile_named(name)
    gateway = SandboxGateway(profile, seed="s", sleep=lambda seconds: None)
    fates = [fate(lambda: gateway.status(f"r{n}")) for n in range(5_000)]  # noqa: B023
    errors = fates.count("GatewayError") / len(fates)
    declines = 1 - errors - fates.count("approved") / len(fates)
    assert errors == pytest.approx(profile.error_rate, abs=0.02)
    assert declines == pytest.approx(profile.decline_rate, abs=0.02)


def slept(name: str) -> list[float]:
    seconds: list[float] = []
    gateway = SandboxGateway(profile_named(name), seed="s", sleep=seconds.append)
    for number in range(2_000):
        fate(lambda: gateway.submit(order(f"r{number}")))  # noqa: B023
    return seconds


def test_realistic_latency_is_lognormal_around_80_ms() -> None:
    seconds = slept("realistic")
    assert statistics.median(seconds) == pytest.approx(0.08, rel=0.1)
    assert statistics.quantiles(seconds, n=100)[98] == pytest.approx(0.32, rel=0.25)


def test_seed_latency_is_from_100_ms_to_2_s_and_instant_does_not_sleep() -> None:
    seconds = slept("seed")
    assert 0.1 <= min(seconds) < 0.12
    assert 1.98 < max(seconds) <= 2.0
    assert slept("instant") == []


@pytest.mark.parametrize(
    ("profile", "named"),
    [({}, "latency"), ({"latency": LATENCY, "typo_rate": 1}, "typo_rate"),
     ({"latency": LATENCY, "error_rate": 1.5}, "rates"),
     ({"latency": LATENCY, "error_rate": 0.6, "decline_rate": 0.6}, "rates"),
     ({"latency": LATENCY, "error_rate": "many"}, "error_rate"),
     ({"latency": LATENCY, "error_rate": True}, "error_rate"),
     ({"latency": LATENCY, "error_rate": -0.1}, "error_rate"),
     ({"latency": LATENCY, "error_rate": float("nan")}, "error_rate"),
     ({"latency": 5}, "latency"), ({"latency": {"distribution": "zipf"}}, "distribution"),
     ({"latency": {"distribution": "uniform", "low": 1}}, "high")],
)  # fmt: skip
def test_a_bad_profile_is_refused_by_the_name_of_what_is_wrong(
    profile: dict[str, Any], named: str, settings: Any
) -> None:
    with pytest.raises(ImproperlyConfigured, match=named):
        read("mine", profile)
    settings.GATEWAY_PROFILES = {**settings.GATEWAY_PROFILES, "mine": profile}
    assert [message.id for message in check_gateway()] == ["transactions.E001"]


def test_an_unknown_profile_is_a_check_error_and_stops_the_gateway(settings: Any) -> None:
    settings.GATEWAY_PROFILE = "chaos"
    assert [message.id for message in check_gateway()] == ["transactions.E002"]
    current.cache_clear()
    with pytest.raises(ImproperlyConfigured, match="GATEWAY_PROFILE='chaos'"):
        current()


def test_the_projects_own_profiles_are_sound() -> None:
    assert check_gateway() == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GATEWAY_PROFILE", "chaos"),
        ("API_RATE", "fast"),
        ("API_RATE", "0/min"),
        ("API_RATE", "5/x"),
    ],
)
def test_a_bad_environment_variable_stops_the_start_by_its_name(
    variable: str, value: str, tmp_path: Path
) -> None:
    environment = {**os.environ, variable: value, "FINTECH_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", "import fintech.settings"],
        env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert f"ImproperlyConfigured: {variable}={value!r}" in done.stderr
