"""What observing costs over HTTP: gunicorn with two workers, bare and with telemetry.

    apt install wrk
    python -m venv /tmp/bench && /tmp/bench/bin/pip install -r bench/requirements.txt
    /tmp/bench/bin/python -m bench.http [--pairs 12] [--json FILE]

Both sites are there all the time, telemetry's with `manage.py ingest` beside it, and are driven one
after the other, in an order that is drawn for each pair; the next waits until ingest has read all.
Saturated: wrk with 16 connections; throughput, required ≥ 0.90 of bare. Open: requests at half of
bare's capacity, whether answers come or not, at a constant rate as wrk2, vegeta and k6 send them;
p99 from the scheduled moment, required ≤ 1.10 of bare. Open at random moments (Poisson, the same
for both): users do not wait for each other, so this is what a site sees; nothing is required of it,
since two workers' queue alone makes more of any cost. Medians of the pairs, with a bootstrap
interval of 95 % of their ratio. Exit 1 when one of the two is not met.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import figures, openloop
from bench.servers import URL, Server, needed, servers
from bench.subject import BODY

VARIANTS = ("bare", "telemetry")
MIN_THROUGHPUT, MAX_P99 = 0.90, 1.10
CONNECTIONS = 16
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
    parser.add_argument("--seconds", type=float, default=10.0, help="of one run")
    parser.add_argument("--json", type=Path, help="where to write every figure")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-http-") as name, Loads(Path(name)) as loads:
        for variant in VARIANTS:
            loads.saturated(variant, 2)
        full = [pair(n, lambda v: loads.saturated(v, given.seconds)) for n in range(given.pairs)]
        rate = statistics.median(one["bare"]["rate"] for one in full) / 2
        even, chance = [], []
        for n in range(given.pairs):
            moments = openloop.evenly(rate, given.seconds)
            even.append(pair(n, lambda v, moments=moments: loads.open(v, moments)))
            moments = openloop.at_random(rate, given.seconds, n)
            chance.append(pair(n, lambda v, moments=moments: loads.open(v, moments)))
        stored = loads.check()
    text, met = table(full, even, chance, rate)
    print(f"{text}\n\ntelemetry: {stored}")
    if given.json:
        found = {"saturated": full, "even": even, "random": chance, "open_rate": rate}
        given.json.write_text(json.dumps(found, indent=1))
    return int(not met)


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


def table(full: list[Pair], even: list[Pair], chance: list[Pair], rate: float) -> tuple[str, bool]:
    """Markdown, and whether what is required is met."""
    behind = [f"{_median(pairs, 'telemetry', 'behind'):.1f} s" for pairs in (full, even)]
    throughput, tail = _ratio(full, "rate")[0], _ratio(even, "p99")[0]
    said = f"{len(full)} pairs of each; ingest behind at the end of a saturated run: {behind[0]}"
    lines = [
        f"{said}, of an open one: {behind[1]}.",
        "",
        "| | bare | telemetry | ratio | 95 % | required |",
        "|---|---:|---:|---:|---:|---:|",
        _row("saturated, requests/s", full, "rate", f"≥ {MIN_THROUGHPUT:.2f}"),
        _row("saturated, p99 ms", full, "p99", ""),
        _row(f"open at {rate:.0f}/s, p99 ms", even, "p99", f"≤ {MAX_P99:.2f}"),
        _row(f"open at {rate:.0f}/s, p50 ms", even, "p50", ""),
        _row("– at random moments, p99 ms", chance, "p99", ""),
        _row("– at random moments, p50 ms", chance, "p50", ""),
    ]
    return "\n".join(lines), throughput >= MIN_THROUGHPUT and tail <= MAX_P99


def _row(title: str, pairs: list[Pair], figure: str, required: str) -> str:
    ratio, low, high = _ratio(pairs, figure)
    bare, observed = (_median(pairs, variant, figure) for variant in VARIANTS)
    return (
        f"| {title} | {bare:.1f} | {observed:.1f} | {ratio:.3f} | {low:.3f} to {high:.3f} "
        f"| {required} |"
    )


def _ratio(pairs: list[Pair], figure: str) -> tuple[float, float, float]:
    """The median of the pairs' ratios, and its interval."""
    ratios = [one["telemetry"][figure] / one["bare"][figure] for one in pairs]
    found = figures.median(ratios)
    numbers = range(len(pairs))
    return found(numbers), *figures.interval(numbers, found)


def _median(pairs: list[Pair], variant: str, figure: str) -> float:
    return statistics.median(one[variant][figure] for one in pairs)


if __name__ == "__main__":
    sys.exit(main())
