"""What observing a request costs: the same DRF endpoint bare, with telemetry, and with its peers.

    python -m venv /tmp/bench && /tmp/bench/bin/pip install -r bench/requirements.txt
    /tmp/bench/bin/python -m bench.overhead [--rounds 12] [--slices 10] [--json FILE]

A process for each variant, all alive at once; in shuffled order each serves a slice of 100 requests
while the others are stopped, so that a change of the machine's speed meets all of them. A round is
`--slices` such turns, long enough to hold what happens seldom: exports, checkpoints, collections.
Figures are µs a request over bare, round by round: the median of the differences, with a bootstrap
interval of 95 %. After the last round each variant is asked for what it stored of its requests, and
the benchmark fails when that is not all. Every variant runs Python's own collector settings.

`telemetry` runs its defaults (redaction, log files, detail of one request in a hundred); ingest is
a process of its own that reads every 300 requests, and its CPU is in "all processes".
`json-logger` keeps the same facts in JSON lines, unredacted; `json-logger-minimal` message and
extra fields alone.
"""

import argparse
import json
import random
import statistics
from collections.abc import Sequence
from pathlib import Path

from bench import figures
from bench.turns import Answer, Subject, subjects

VARIANTS = (
    "bare",
    "telemetry",
    "django-prometheus",
    "django-prometheus-wrappers",
    "json-logger-minimal",
    "json-logger",
    "django-structlog",
    "naive",
    "opentelemetry",
    "opentelemetry-full",
    "sentry",
    "silk",
)
# What the ratios are to: in the request, and of all processes.
IN_REQUEST, ALL_PROCESSES = "django-prometheus-wrappers", "json-logger"
Round = dict[str, dict[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--slices", type=int, default=10, help="turns of each variant in a round")
    parser.add_argument("--requests", type=int, default=100, help="of one turn")
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS), choices=VARIANTS)
    parser.add_argument("--json", type=Path, help="where to write every figure")
    given = parser.parse_args()
    names = list(dict.fromkeys(["bare", *given.variants]))
    with subjects(names) as running:
        rounds = [
            one_round(running, given.slices, given.requests, number)
            for number in range(given.rounds)
        ]
        stored = finish(running, rounds, given.slices * given.requests * given.rounds)
    if given.json:
        given.json.write_text(json.dumps({"rounds": rounds, "stored": stored}, indent=1))
    print(table(rounds, names))
    for name, found in stored.items():
        if found:
            print(f"{name} stored: {', '.join(f'{n:,} {kind}' for kind, n in found.items())}")


def one_round(running: dict[str, Subject], slices: int, requests: int, seed: int) -> Round:
    """`slices` turns of every variant, in an order that differs from turn to turn."""
    chance = random.Random(seed)
    turns: dict[str, list[Answer]] = {name: [] for name in running}
    for _ in range(slices):
        for name in chance.sample(list(running), len(running)):
            turns[name].append(running[name].serve(requests))
    return {name: _summary(taken, slices * requests) for name, taken in turns.items()}


def _summary(turns: list[Answer], requests: int) -> dict[str, float]:
    walls = [wall for turn in turns for wall in turn["walls"]]
    return {
        "cpu": sum(turn["cpu"] for turn in turns) / requests,
        "ingest_cpu": statistics.fmean(turn["ingest_cpu"] for turn in turns),
        "wall": statistics.fmean(walls),
        "p50": statistics.median(walls),
        "p99": figures.percentile(walls, 0.99),
    }


def finish(
    running: dict[str, Subject], rounds: list[Round], requests: int
) -> dict[str, dict[str, int]]:
    """What each stored. The work that was left to the end is spread over all rounds."""
    stored = {}
    for name, subject in running.items():
        answer = subject.finish()
        stored[name] = answer["stored"]
        for one in rounds:
            one[name]["cpu"] += answer["cpu"] / requests
    return stored


TITLES = (
    "variant",
    "CPU over bare, in the request",
    "95 %",
    f"÷ {IN_REQUEST}",
    "all processes",
    f"÷ {ALL_PROCESSES}",
    "wall over bare",
    "p99 ÷ bare",
)


def table(rounds: list[Round], names: list[str]) -> str:
    """Markdown, one row a variant."""
    bare = statistics.median(one["bare"]["cpu"] for one in rounds)
    tail = statistics.median(one["bare"]["p99"] for one in rounds)
    lines = [
        f"{len(rounds)} rounds; bare: {bare:.0f} µs CPU a request, p99 {tail:.0f} µs.",
        "",
        f"| {' | '.join(TITLES)} |",
        "|---|" + "---:|" * (len(TITLES) - 1),
    ]
    return "\n".join([*lines, *(_row(rounds, name, names) for name in names[1:])])


def _row(rounds: list[Round], name: str, names: list[str]) -> str:
    numbers = range(len(rounds))
    cpu, wall = over(rounds, name, "cpu"), over(rounds, name, "wall")
    whole = all_processes(rounds, name)
    low, high = figures.interval(numbers, figures.median(cpu))
    tail = [one[name]["p99"] / one["bare"]["p99"] for one in rounds]
    cells = [
        f"{statistics.median(cpu):.0f} µs",
        f"{low:.0f} to {high:.0f}",
        _ratio(cpu, over(rounds, IN_REQUEST, "cpu") if IN_REQUEST in names else None),
        f"{statistics.median(whole):.0f} µs",
        _ratio(whole, all_processes(rounds, ALL_PROCESSES) if ALL_PROCESSES in names else None),
        f"{statistics.median(wall):.0f} µs",
        f"{statistics.median(tail):.2f}",
    ]
    return f"| {name} | {' | '.join(cells)} |"


def _ratio(above: Sequence[float], below: Sequence[float] | None) -> str:
    if below is None:
        return "–"
    numbers = range(len(above))
    found = figures.ratio(above, below)
    low, high = figures.interval(numbers, found)
    return f"{found(numbers):.2f} ({low:.2f} to {high:.2f})"


def over(rounds: list[Round], name: str, figure: str) -> list[float]:
    """The differences to bare, round by round."""
    return [one[name][figure] - one["bare"][figure] for one in rounds]


def all_processes(rounds: list[Round], name: str) -> list[float]:
    """As `over` of the CPU, with what ingest spends."""
    return [
        cpu + one[name]["ingest_cpu"]
        for cpu, one in zip(over(rounds, name, "cpu"), rounds, strict=True)
    ]


if __name__ == "__main__":
    main()
