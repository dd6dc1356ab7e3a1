"""What observing costs over HTTP: gunicorn with two workers, bare and with telemetry.

    apt install wrk
    python -m venv /tmp/bench && /tmp/bench/bin/pip install -r bench/requirements.txt
    /tmp/bench/bin/python -m bench.http [--pairs 12] [--json FILE]

Both sites are there all the time, telemetry's with `manage.py ingest` beside it, and are driven one
after the other, in an order that is drawn for each pair; the next waits until ingest has read all.
Some processes are faster than others of the same program for as long as they live, by a tenth and
more: so both are started anew several times, and the pairs are spread over the starts.
Saturated: wrk with 16 connections; throughput, required ≥ 0.90 of bare. Open: requests at half of
bare's capacity, whether answers come or not, at a constant rate as wrk2, vegeta and k6 send them;
p99 from the scheduled moment, required ≤ 1.10 of bare. And open at random moments (Poisson, the
same for both), as users come who do not wait for each other: there two workers' queue alone makes
more of any cost. Medians of the pairs, with a bootstrap interval of 95 % of their ratio. Exit 1
when one of the two is not met.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import figures, openloop
from bench.servers import URL, Server, needed, servers
from bench.subject import BODY

VARIANTS = ("bare", "telemetry")
MIN_THROUGHPUT, MAX_P99 = 0.90, 1.10
CONNECTIONS = 16
# After a saturated run, until ingest takes what nobody else wants again.
CALM_SECONDS = 35.0
WRK = f"""
wrk.method = "POST"
wrk.body = '{BODY.decode()}'
wrk.headers["Content-Type"] = "application/json"
done = function(summary, latency, requests)
    local wrong = summary.errors
    io.write(string.format('{{"requests": %d, "us": %d, "wrong": %d, "p99": %f}}\\n',
        summary.requests, summary.duration,
        wrong.connect + wrong.read + wrong.write + wrong.status + wrong.timeout,
        latency:percentile(99) / 1000))
end
"""
Pair = dict[str, dict[str, float]]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pairs", type=int, default=12, help="of each of the three measurements")
    parser.add_argument("--starts", type=int, default=4, help="of both sites")
    parser.add_argument("--seconds", type=float, default=10.0, help="of one run")
    parser.add_argument("--json", type=Path, help="where to write every figure")
    given = parser.parse_args()
    if given.pairs % given.starts:
        parser.error("--pairs: as many for each of the --starts")
    starts = []
    for number in range(given.starts):
        with tempfile.TemporaryDirectory(prefix="bench-http-") as name, Loads(Path(name)) as loads:
            starts.append(measure(loads, given.pairs // given.starts, given.seconds, number))
    text, met = table(starts)
    print(text)
    if given.json:
        given.json.write_text(json.dumps([asdict(start) for start in starts], indent=1))
    return int(not met)


@dataclass
class Start:
    """What two sites that were started together gave."""

    full: list[Pair]
    # Requests/s of the open runs.
    rate: float
    even: list[Pair]
    random: list[Pair]
    stored: str


def measure(loads: "Loads", pairs: int, seconds: float, number: int) -> Start:
    """So many pairs of each of the three measurements; `number` is the start's."""
    first = number * pairs
    numbers = range(first, first + pairs)
    for variant in VARIANTS:
        loads.saturated(variant, 2)
    full = [pair(n, lambda v: loads.saturated(v, seconds)) for n in numbers]
    rate = statistics.median(one["bare"]["rate"] for one in full) / 2
    time.sleep(CALM_SECONDS)
    even, chance = [], []
    for n in numbers:
        moments = openloop.evenly(rate, seconds)
        even.append(pair(n, lambda v, moments=moments: loads.open(v, moments)))
        moments = openloop.at_random(rate, seconds, n)
        chance.append(pair(n, lambda v, moments=moments: loads.open(v, moments)))
    return Start(full, rate, even, chance, loads.check())


class Loads:
    """The two sites, and what drives them."""

    def __init__(self, folder: Path) -> None:
        self._wrk = needed("wrk")
        self._script = folder / "post.lua"
        self._script.write_text(WRK)
        self._context = servers(VARIANTS, folder)
        self._answered = dict.fromkeys(VARIANTS, 0)

    def __enter__(self) -> "Loads":
        self._servers: dict[str, Server] = self._context.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)

    def saturated(self, variant: str, seconds: float) -> dict[str, float]:
        """Requests/s and p99 (ms) of a closed loop, and how long (s) ingest was behind it."""
        server = self._servers[variant]
        ran = subprocess.run(
            [self._wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "-s", str(self._script),
             f"http://127.0.0.1:{server.port}{URL}"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        found = json.loads(ran.stdout.splitlines()[-1])
        if found["wrong"]:
            raise SystemExit(f"{variant}: {found}\n{server.complaints()}")
        self._answered[variant] += found["requests"]
        rate = found["requests"] / found["us"] * 1e6
        return {"rate": rate, "p99": found["p99"], "behind": server.settle()}

    def open(self, variant: str, moments: list[float]) -> dict[str, float]:
        """p50 and p99 (ms) of requests at these moments, and how long (s) ingest was behind."""
        server = self._servers[variant]
        took = openloop.latencies(server.port, _request(), moments)
        self._answered[variant] += len(took)
        return {
            "p50": statistics.median(took),
            "p99": figures.percentile(took, 0.99),
            "behind": server.settle(),
        }

    def check(self) -> str:
        """Stop telemetry's site; what it has stored of what was answered."""
        server = self._servers["telemetry"]
        server.close()
        return server.check(self._answered["telemetry"])


def pair(number: int, run: Any) -> Pair:
    """Both variants, in an order that is drawn."""
    order = random.Random(number).sample(VARIANTS, len(VARIANTS))
    return {variant: run(variant) for variant in order}


def _request() -> bytes:
    head = (
        f"POST {URL} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench/1.0\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + BODY


def table(starts: list[Start]) -> tuple[str, bool]:
    """Markdown, and whether what is required is met."""
    full = [start.full for start in starts]
    even = [start.even for start in starts]
    chance = [start.random for start in starts]
    behind = [f"{_median(groups, 'telemetry', 'behind'):.1f} s" for groups in (full, even)]
    throughput, tail = _ratio(full, "rate")[0], _ratio(even, "p99")[0]
    rate = statistics.median(start.rate for start in starts)
    said = f"{sum(map(len, full))} pairs of each, {len(starts)} starts; ingest behind at the end"
    lines = [
        f"{said} of a saturated run: {behind[0]}, of an open one: {behind[1]}.",
        "",
        "| | bare | telemetry | ratio | 95 % | by start | required |",
        "|---|---:|---:|---:|---:|---|---:|",
        _row("saturated, requests/s", full, "rate", f"≥ {MIN_THROUGHPUT:.2f}"),
        _row("saturated, p99 ms", full, "p99", ""),
        _row(f"open at {rate:.0f}/s, p99 ms", even, "p99", f"≤ {MAX_P99:.2f}"),
        _row(f"open at {rate:.0f}/s, p50 ms", even, "p50", ""),
        _row("– at random moments, p99 ms", chance, "p99", ""),
        _row("– at random moments, p50 ms", chance, "p50", ""),
        "",
        *(f"telemetry: {start.stored}" for start in starts),
    ]
    return "\n".join(lines), throughput >= MIN_THROUGHPUT and tail <= MAX_P99


def _row(title: str, groups: list[list[Pair]], figure: str, required: str) -> str:
    ratio, low, high = _ratio(groups, figure)
    bare, observed = (_median(groups, variant, figure) for variant in VARIANTS)
    each = " ".join(f"{_ratio([pairs], figure)[0]:.2f}" for pairs in groups)
    return (
        f"| {title} | {bare:.1f} | {observed:.1f} | {ratio:.3f} | {low:.3f} to {high:.3f} "
        f"| {each} | {required} |"
    )


def _ratio(groups: list[list[Pair]], figure: str) -> tuple[float, float, float]:
    """The median of the pairs' ratios, and its interval: whole starts are drawn for it."""
    ratios = [[one["telemetry"][figure] / one["bare"][figure] for one in pairs] for pairs in groups]

    def found(drawn: Sequence[int]) -> float:
        return statistics.median(ratio for start in drawn for ratio in ratios[start])

    numbers = range(len(groups))
    return found(numbers), *figures.interval(numbers, found)


def _median(groups: list[list[Pair]], variant: str, figure: str) -> float:
    return statistics.median(one[variant][figure] for pairs in groups for one in pairs)


if __name__ == "__main__":
    sys.exit(main())
