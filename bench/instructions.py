"""What observing a request costs in instructions: bench.overhead's variants under Callgrind.

    apt install valgrind
    /tmp/bench/bin/python -m bench.instructions [--requests 100] [--variants ...] [--json FILE]
        [--caches]

For a machine whose times say little: the counts do not depend on what else runs. They are those of
the processes alone, not of the kernel (so no part of `write`). `--caches` simulates them as well,
and counts what a request waits for: lines of 64 bytes, of code and data, that a second cache of
1 MB does not hold. Slow: a minute for each variant on an idle core, two with caches.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.overhead import ALL_PROCESSES, IN_REQUEST, VARIANTS
from bench.servers import needed
from bench.turns import Answer, Player

# The first caches of this project's machines are Callgrind's own; the second is the last one here.
CACHES = ("--cache-sim=yes", "--LL=1048576,8,64")
# Reads of code, reads and writes of data that are in neither.
WAITED_FOR = ("ILmr", "DLmr", "DLmw")
Counts = dict[str, dict[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS), choices=VARIANTS)
    parser.add_argument("--caches", action="store_true", help="simulate the processor's caches")
    parser.add_argument("--json", type=Path, help="where to write every figure")
    given = parser.parse_args()
    # The players inherit them: sets in the same order in every run, and no long warming up.
    os.environ |= {"PYTHONHASHSEED": "0", "BENCH_WARM_UP": "150"}
    names = list(dict.fromkeys(["bare", *given.variants]))
    found = {name: measure(name, given.requests, given.caches) for name in names}
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))
    print(table(found))


class Counted(Player):
    """A player under Callgrind."""

    def __init__(self, folder: Path, name: str, *module: str, caches: bool) -> None:
        self._profile = folder / f"{name}.out"
        out = f"--callgrind-out-file={self._profile}"
        under = (needed("valgrind"), "--tool=callgrind", out, *(CACHES if caches else ()))
        super().__init__(name, *module, under=under)
        self._dumps = 0

    def count(self, **command: int) -> tuple[dict[str, int], Answer]:
        """Callgrind's events until the command is answered, by name, and the answer."""
        self._tell("zero")
        answer = self.ask(**command)
        self._tell("dump")
        self._dumps += 1
        text = Path(f"{self._profile}.{self._dumps}").read_text()
        names, totals = (
            re.findall(rf"^{word}: (.+)$", text, re.MULTILINE)[-1].split()
            for word in ("events", "totals")
        )
        return dict(zip(names, map(int, totals), strict=True)), answer

    def _tell(self, word: str) -> None:
        subprocess.run(
            [needed("vgdb"), f"--pid={self.pid}", word], check=True, capture_output=True, timeout=60
        )


def measure(name: str, requests: int, caches: bool) -> dict[str, float]:
    """Instructions of one request, in the site's process and in ingest's; and lines waited for."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name_of_folder:
        folder = Path(name_of_folder)
        players = [Counted(folder, name, "bench.subject", name, str(folder), caches=caches)]
        try:
            if name == "telemetry":
                players.append(
                    Counted(folder, "ingest", "bench.reader", name, str(folder), caches=False)
                )
            # Counted twice: the first count has tens of millions of instructions more, once.
            players[0].count(requests=requests)
            for reader in players[1:]:
                reader.count()
            counted, _ = players[0].count(requests=requests)
            reading = players[1].count()[0]["Ir"] if players[1:] else 0
            # It must have stored them.
            served = players[0].ask()["served"]
            for reader in players[1:]:
                reader.ask(served=served)
        finally:
            for player in players:
                player.close()
    lines = sum(counted.get(event, 0) for event in WAITED_FOR)
    found = {
        "request": counted["Ir"] / requests,
        "ingest": reading / requests,
        "lines": lines / requests,
    }
    print(name, found, file=sys.stderr, flush=True)
    return found


def table(found: Counts) -> str:
    """Markdown, one row a variant: over bare, instructions in thousands."""
    bare = found["bare"]
    over = {name: one["request"] - bare["request"] for name, one in found.items() if name != "bare"}
    whole = {name: of + found[name]["ingest"] for name, of in over.items()}
    lines = [
        f"Bare: {bare['request'] / 1000:,.0f} thousand instructions a request"
        + (f", {bare['lines']:,.0f} lines waited for." if bare["lines"] else "."),
        "",
        f"| variant | request | ÷ {IN_REQUEST} | all processes | ÷ {ALL_PROCESSES} | lines |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    rows = (
        f"| {name} | {over[name] / 1000:,.0f} | {_ratio(over, name, IN_REQUEST)} "
        f"| {whole[name] / 1000:,.0f} | {_ratio(whole, name, ALL_PROCESSES)} "
        f"| {_lines(found[name], bare)} |"
        for name in over
    )
    return "\n".join([*lines, *rows])


def _lines(found: dict[str, float], bare: dict[str, float]) -> str:
    return f"{found['lines'] - bare['lines']:,.0f}" if bare["lines"] else "–"


def _ratio(figures: dict[str, float], name: str, peer: str) -> str:
    return f"{figures[name] / figures[peer]:.2f}" if peer in figures else "–"


if __name__ == "__main__":
    main()
