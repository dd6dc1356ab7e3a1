"""What observing a request costs: the same DRF endpoint bare, with telemetry, and with its peers.

    python -m venv /tmp/bench && /tmp/bench/bin/pip install -r bench/requirements.txt
    /tmp/bench/bin/python -m bench.overhead [--rounds 10] [--requests 1500] [--json FILE]

Each round runs every variant once, in a process of its own and in shuffled order, so that a change
of the machine's speed meets all of them. Figures are µs a request over bare, round by round: the
median of the differences, with a bootstrap interval of 95 %.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VARIANTS = (
    "bare",
    "telemetry",
    "django-prometheus",
    "django-prometheus-wrappers",
    "json-logger",
    "django-structlog",
    "naive",
    "opentelemetry",
    "opentelemetry-full",
    "sentry",
    "silk",
)
Round = dict[str, dict[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--requests", type=int, default=1_500)
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS), choices=VARIANTS)
    parser.add_argument("--json", type=Path, help="where to write every figure")
    given = parser.parse_args()
    names = list(dict.fromkeys(["bare", *given.variants]))
    rounds = [one_round(names, given.requests, number) for number in range(given.rounds)]
    if given.json:
        given.json.write_text(json.dumps(rounds, indent=1))
    print(table(rounds, names))


def one_round(names: list[str], requests: int, seed: int) -> Round:
    """Every variant once."""
    order = names[:]
    random.Random(seed).shuffle(order)
    return {name: measure(name, requests) for name in order}


def measure(name: str, requests: int) -> dict[str, float]:
    """What bench.subject prints of one variant; its error ends the benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [sys.executable, "-m", "bench.subject", name, str(requests), folder],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode:
        raise SystemExit(f"{name} failed:\n{ran.stderr}")
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def table(rounds: list[Round], names: list[str]) -> str:
    """Markdown, one row a variant."""
    bare = statistics.median(one["bare"]["cpu"] for one in rounds)
    tail = statistics.median(one["bare"]["p99"] for one in rounds)
    titles = ("variant", "CPU over bare, in the request", "95 % interval", "wall over bare")
    lines = [
        f"{len(rounds)} rounds; bare: {bare:.0f} µs CPU a request, p99 {tail:.0f} µs.",
        "",
        f"| {' | '.join((*titles, 'all processes', 'p99 ÷ bare'))} |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name in names[1:]:
        cpu = over(rounds, name, "cpu")
        low, high = interval(cpu)
        whole = [a + one[name]["ingest_cpu"] for a, one in zip(cpu, rounds, strict=True)]
        tail = statistics.median(one[name]["p99"] / one["bare"]["p99"] for one in rounds)
        lines.append(
            f"| {name} | {statistics.median(cpu):.0f} µs | {low:.0f} to {high:.0f} "
            f"| {statistics.median(over(rounds, name, 'wall')):.0f} µs "
            f"| {statistics.median(whole):.0f} µs | {tail:.2f} |"
        )
    return "\n".join(lines)


def over(rounds: list[Round], name: str, figure: str) -> list[float]:
    """The differences to bare, round by round."""
    return [one[name][figure] - one["bare"][figure] for one in rounds]


def interval(values: list[float], draws: int = 2_000) -> tuple[float, float]:
    """Bootstrap interval of the median, 95 %."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(draws))
    return medians[int(draws * 0.025)], medians[int(draws * 0.975)]


if __name__ == "__main__":
    main()
