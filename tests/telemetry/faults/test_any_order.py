"""Writing, rotation, crashes, harm and ingest in any order: nothing lost, doubled or invented."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connections
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from telemetry.ingest import sampling
from tests.telemetry.faults.histories import Delivery

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["telemetry"]),
    pytest.mark.xdist_group("any-order"),
]


@pytest.fixture
def machine(
    tmp_path: Path, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[type[Delivery]]:
    """The machine over stores of its own."""
    connection = connections["telemetry"]
    connection.ensure_connection()
    # By the clock it would look for dead processes in one run and not in another.
    monkeypatch.setattr(sampling, "_EVERY_SECONDS", 0.0)
    template = tmp_path / "template.sqlite3"
    with closing(sqlite3.connect(template)) as copy:
        connection.connection.backup(copy)
    before = connection.settings_dict["NAME"]
    connection.close()
    Delivery.folder, Delivery.template = tmp_path, template
    yield Delivery
    connection.close()
    connection.settings_dict["NAME"] = before


def run(machine: type[Delivery], examples: int, steps: int) -> None:
    profile = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        # The same each time, so that a failure is there for everybody.
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )
    run_state_machine_as_test(machine, settings=profile)


def test_a_few_histories(machine: type[Delivery]) -> None:
    run(machine, examples=25, steps=30)


@pytest.mark.soak
def test_many_long_histories(machine: type[Delivery]) -> None:
    run(machine, examples=400, steps=80)
