"""What observing a request costs in instructions: a count that no busy machine changes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry.journal import events, reader
from tests.telemetry.cost.driver import BARE, COUNTED, OBSERVED, WARM_UP

ROOT = Path(__file__).resolve().parents[3]
# Instructions a request over bare, some 10 % more than they are (133,500). A change that needs more
# sets it anew and says in its commit why.
BUDGET = 147_000
# Bare's in the same run. Another build of Python needs more or fewer for all alike: the budget goes
# with them.
BARE_THEN = 496_200
# Its versions differ by what they do well, so one's budget is not another's.
MEASURED_WITH = (3, 11)

pytestmark = [
    # One worker: both tests look at one run.
    pytest.mark.xdist_group("cost"),
    pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed"),
    pytest.mark.skipif(
        sys.version_info[:2] != MEASURED_WITH,
        reason=f"the budget is of Python {'.'.join(map(str, MEASURED_WITH))}",
    ),
]


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], Path]:
    """Callgrind's output of each fork of the driver; the journal is in the same folder."""
    folder = tmp_path_factory.mktemp("cost")
    ran = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind.out.%p",
         sys.executable, "-W", "ignore", "-m", "tests.telemetry.cost.driver", str(folder)],
        cwd=ROOT, capture_output=True, text=True,
        env=os.environ | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    forks = (line.split() for line in ran.stdout.splitlines())
    return {(kind, int(requests)): folder / f"callgrind.out.{pid}" for kind, requests, pid in forks}


def instructions(profile: Path) -> int:
    found = re.search(r"^totals: (\d+)$", profile.read_text(), re.MULTILINE)
    assert found is not None, f"{profile} has no total"
    return int(found.group(1))


def of_one_request(profiles: dict[tuple[str, int], Path], kind: str) -> int:
    few, many = profiles[kind, WARM_UP], profiles[kind, WARM_UP + COUNTED]
    return (instructions(many) - instructions(few)) // COUNTED


def test_observing_a_request_stays_within_its_budget_of_instructions(
    profiles: dict[tuple[str, int], Path],
) -> None:
    bare = of_one_request(profiles, BARE)
    cost = of_one_request(profiles, OBSERVED) - bare
    budget = BUDGET * bare // BARE_THEN
    profile = profiles[OBSERVED, WARM_UP + COUNTED]
    assert cost <= budget, (
        f"{cost:,} instructions a request over bare's {bare:,}; the budget is {budget:,}. "
        f"Where they go: callgrind_annotate {profile} | head -60"
    )


def test_what_was_counted_reached_the_journal(profiles: dict[tuple[str, int], Path]) -> None:
    journal = profiles[OBSERVED, WARM_UP].parent / "journal"
    found = [
        events.decode(record.payload)
        for segment in reader.segments(journal)
        for record in reader.read(segment, 0).records
        if record.payload is not None
    ]
    units = [event for event in found if isinstance(event, events.UnitDone)]
    assert len(units) == WARM_UP + WARM_UP + COUNTED
    assert {(unit.db_count, unit.log_count, len(unit.metrics)) for unit in units} == {(3, 2, 2)}
    assert {unit.route for unit in units} == {"shops/<int:shop>/orders/"}
    assert sum(isinstance(event, events.LogMade) for event in found) == 2 * len(units)
