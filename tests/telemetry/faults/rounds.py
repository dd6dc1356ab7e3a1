"""A fault is tried so many times, quickly or in full; its verdicts add up to a line of a table."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from telemetry.conf import DEFAULTS
from tests.telemetry.faults.oracle import Verdict
from tests.telemetry.faults.world import World

HEADINGS = ("fault", "rounds", "accepted", "lost", "duplicated", "quarantined", "dropped")
# A fresh folder after so many rounds: records enough for all kinds of files, few enough to be fast.
ROUNDS_A_WORLD = 25
# Worlds have small files, so that a few records see all kinds of them; where there are many records
# these are the sizes of a site.
USUAL_SIZES = {
    name: DEFAULTS[name] for name in ("SEGMENT_BYTES", "BATCH_RECORDS", "LOG_FILE_BYTES")
}


def fault(
    title: str, *, quick: int = 1, full: int | None = None, allows: tuple[str, ...] = ()
) -> Callable[[Any], Any]:
    """Marks a test that takes `rounds`: in `make test` so many, in `make soak` so many (None: the
    same test is not run again there, 0: not in `make test`). `allows`: what may happen to records,
    of `quarantined` and `dropped`.
    """
    return pytest.mark.fault(title=title, quick=quick, full=full, allows=allows)


class Rounds:
    """Iterate to get a world and a source of chance for each round; all is judged on the way."""

    def __init__(
        self,
        count: int,
        is_full: bool,
        allows: tuple[str, ...],
        make_world: Callable[..., World],
    ) -> None:
        self.count = count
        self.is_full = is_full
        self.verdict = Verdict()
        self.done = 0
        self.notes: list[str] = []
        self._allows = allows
        self._make_world = make_world

    def batches(self, each: int, **options: Any) -> Iterator[tuple[World, Iterator[random.Random]]]:
        """Worlds, each with a source of chance for every round of it; judged after those."""
        for first in range(0, self.count, each):
            world = self._make_world(**options)
            yield world, self._chances(first, min(first + each, self.count))
            self._judge(world)

    def worlds(self, each: int = 1, **options: Any) -> Iterator[tuple[World, random.Random]]:
        """The world and the source of chance of each round."""
        for world, chances in self.batches(each, **options):
            for chance in chances:
                yield world, chance

    def _chances(self, first: int, end: int) -> Iterator[random.Random]:
        for number in range(first, end):
            yield random.Random(number)
            self.done += 1

    def missed(self) -> None:
        """This round's fault did not come about."""
        self.done -= 1

    def note(self, text: str) -> None:
        """A figure for the report."""
        self.notes.append(text)

    def _judge(self, world: World) -> None:
        found = world.settle(*self._allows)
        self.verdict.add(found)
        assert found.problems == [], "\n".join([*found.problems, world.output[-3000:]])


def table(lines: list[tuple[str, Rounds]]) -> str:
    """The lines in Markdown, those of one title added up."""
    sums: dict[str, tuple[int, Verdict]] = {}
    for title, rounds in lines:
        done, verdict = sums.setdefault(title, (0, Verdict()))
        verdict.add(rounds.verdict)
        sums[title] = (done + rounds.done, verdict)
    rows = [HEADINGS, ("---", *["---:"] * (len(HEADINGS) - 1))]
    for title, (done, found) in sums.items():
        counts = (found.accepted, found.lost, found.duplicated, found.quarantined, found.dropped)
        rows.append((title, f"{done:,}", *(f"{count:,}" for count in counts)))
    text = [f"| {' | '.join(row)} |" for row in rows]
    notes = [f"- {title}: {note}" for title, rounds in lines for note in rounds.notes]
    return "\n".join([*text, "", *notes])
