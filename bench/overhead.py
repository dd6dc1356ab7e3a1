"""What observing a request costs: the same DRF endpoint bare, with telemetry, and with its peers.

    python -m venv /tmp/bench && /tmp/bench/bin/pip install -r bench/requirements.txt
    /tmp/bench/bin/python -m bench.overhead [--rounds 100] [--json FILE]

A process for each variant, all alive at once; in a round each serves 100 requests, in shuffled
order, while the others are stopped: a change of the machine's speed meets all alike. CPU is that of
all threads, exports included. Figures are µs a request over bare, round by round: the median of the
differences, with a bootstrap interval of 95 %. What happens in few rounds only (a collection of the
whole heap, a checkpoint) is in the mean, not in the median. p99 is of all requests. After the last
round each variant is asked for what it stored of its requests, and the benchmark fails when that is
not all. Every variant runs Python's own collector settings.

`telemetry` keeps everything in its store (redaction, detail of slow requests and of one in a
hundred); `telemetry-log-files` writes the rotated JSON log files as well, as it does by default.
Ingest is a process of its own that reads every 1,000 requests, as it does once a second where a
site serves so many, and its CPU is in "all processes". `json-logger` keeps the same facts in JSON
lines, unredacted, in one file that grows for ever; `json-logger-rotated` in files that rotate, for
telemetry's store is bounded too; `json-logger-minimal` message and extra fields alone.
"""

import argparse
import json
import random
import statistics
from collections.abc import Sequence
from pathlib import Path

from bench import figures
from bench.turns import Subject, subjects

VARIANTS = (
    "bare",
    "telemetry",
    "telemetry-log-files",
    "django-prometheus",
    "django-prometheus-wrappers",
    "json-logger-minimal",
    "json-logger",
    "json-logger-rotated",
    "django-structlog",
    "naive",
    "opentelemetry",
    "opentelemetry-full",
    "sentry",
    "silk",
)
# What the ratios are to: in the request, and of all processes the logger that is bounded as well.
IN_REQUEST, ALL_PROCESSES = "django-prometheus-wrappers", "json-logger-rotated"
# By variant: `cpu`, `ingest_cpu`, `wall`, µs a request.
Round = dict[str, dict[str, float]]
Walls = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--requests", type=int, default=100, help="of each variant in a round")
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS), choices=VARIANTS)
    parser.add_argument("--json", type=Path, help="where to write every figure")
    given = parser.parse_args()
    names = list(dict.fromkeys(["bare", *given.variants]))
    walls: Walls = {name: [] for name in names}
    with subjects(names) as running:
        rounds = [one_round(running, given.requests, n, walls) for n in range(given.rounds)]
        stored = finish(running, rounds, given.requests * given.rounds)
    tails = {name: figures.percentile(taken, 0.99) for name, taken in walls.items()}
    if given.json:
        found = {"rounds": rounds, "p99": tails, "stored": stored}
        given.json.write_text(json.dumps(found, indent=1))
    print(table(rounds, tails, names))
    for name, kinds in stored.items():
        if kinds:
            print(f"{name} stored: {', '.join(f'{n:,} {kind}' for kind, n in kinds.items())}")


def one_round(running: dict[str, Subject], requests: int, seed: int, walls: Walls) -> Round:
    """A turn of every variant, in shuffled order; adds each request's wall time to `walls`."""
    found: Round = {}
    for name in random.Random(seed).sample(list(running), len(running)):
        turn = running[name].serve(requests)
        walls[name] += turn["walls"]
        found[name] = {
            "cpu": turn["cpu"] / requests,
            "ingest_cpu": turn["ingest_cpu"],
            "wall": statistics.fmean(turn["walls"]),
        }
    return found


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
    "mean",
    f"÷ {IN_REQUEST}",
    "all processes",
    f"÷ {ALL_PROCESSES}",
    "wall over bare",
    "p99 ÷ bare",
)


def table(rounds: list[Round], tails: dict[str, float], names: list[str]) -> str:
    """Markdown, one row a variant."""
    bare = statistics.median(one["bare"]["cpu"] for one in rounds)
    lines = [
        f"{len(rounds)} rounds; bare: {bare:.0f} µs CPU a request, p99 {tails['bare']:.0f} µs.",
        "",
        f"| {' | '.join(TITLES)} |",
        "|---|" + "---:|" * (len(TITLES) - 1),
    ]
    for name in names[1:]:
        cells = [*_cells(rounds, name, names), f"{tails[name] / tails['bare']:.2f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cells(rounds: list[Round], name: str, names: list[str]) -> list[str]:
    cpu, wall = over(rounds, name, "cpu"), over(rounds, name, "wall")
    whole = all_processes(rounds, name)
    low, high = figures.interval(range(len(rounds)), figures.median(cpu))
    return [
        f"{statistics.median(cpu):.0f} µs",
        f"{low:.0f} to {high:.0f}",
        f"{statistics.fmean(cpu):.0f}",
        _ratio(cpu, over(rounds, IN_REQUEST, "cpu") if IN_REQUEST in names else None),
        f"{statistics.median(whole):.0f} µs",
        _ratio(whole, all_processes(rounds, ALL_PROCESSES) if ALL_PROCESSES in names else None),
        f"{statistics.median(wall):.0f} µs",
    ]


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
