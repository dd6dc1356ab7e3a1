"""One sweep over the store: a generator that does one small transaction between two yields.

Who runs it decides when it goes on: ingest between its batches, `prune` with pauses. Nothing is
locked and no cursor is open while it waits, so the lock of ingest may change hands there.
"""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from functools import partial

from telemetry.conf import settings
from telemetry.ingest import archive
from telemetry.ingest.connection import Store
from telemetry.retention import clock, space, tables
from telemetry.retention.ages import CutOff, cut_offs, newest_time

BATCH_ROWS = 500
_FEWEST_ROWS = 20
# A step longer than this halves the next batch: rows with long stacks cost more than short ones.
_LONG_SECONDS = 0.02
_CHECKPOINT_STEPS = 10
# So many series are looked at between two yields: a look is a seek, some microseconds.
_LOOKS = 200
_ANY_KEY = (1 << 63) - 1


class Sweep:
    """Deletes what is too old. `gone` counts rows by kind."""

    def __init__(self, store: Store) -> None:
        self.gone: Counter[str] = Counter()
        self._store = store
        self._rows = BATCH_ROWS

    def steps(self) -> Generator[None, None, None]:
        """Each step is one transaction of at most 500 rows. Raises StoreUnavailable."""
        self._go_by_the_clock()
        cuts = cut_offs(self._store.reading())
        for number, _ in enumerate(self._deletes(cuts)):
            if number % _CHECKPOINT_STEPS == 0:
                space.checkpoint(self._store.reading())
            yield
        while space.shrink(self._store.reading()):
            yield
        space.checkpoint(self._store.reading())

    def _go_by_the_clock(self) -> None:
        with self._store.transaction() as db:
            anchor, _ = clock.settled(clock.load(db), clock.look(), newest_time(db))
            clock.save(db, anchor)

    def _deletes(self, cuts: dict[str, CutOff]) -> Iterator[None]:
        for kind, cut in cuts.items():
            if kind in tables.KEYED:
                yield from self._repeat(kind, partial(tables.delete_keyed, kind=kind, key=cut.key))
            elif kind in tables.RESOLUTIONS:
                yield from self._buckets(cut)
            elif kind == "quarantine":
                yield from self._repeat(kind, partial(tables.delete_quarantine, before=cut.time))
            elif kind == "processes":
                yield from self._processes(cut)
        yield from self._beyond_size()

    def _repeat(self, kind: str, delete: Callable[..., int]) -> Iterator[None]:
        while self._step(kind, delete):
            yield

    def _step(self, kind: str, delete: Callable[..., int]) -> int:
        began = time.monotonic()
        with self._store.transaction() as db:
            count = delete(db, limit=self._rows)
        self.gone[kind] += count
        slow = time.monotonic() - began > _LONG_SECONDS
        self._rows = max(_FEWEST_ROWS, self._rows // 2) if slow else min(BATCH_ROWS, self._rows * 2)
        return count

    def _buckets(self, cut: CutOff) -> Iterator[None]:
        resolution = tables.RESOLUTIONS[cut.kind]
        series = self._read(f"{tables.SERIES} ORDER BY id")
        for number, one in enumerate(series):
            prefix = (resolution, one, cut.second)
            if number % _LOOKS == _LOOKS - 1:
                yield
            if tables.has_older(self._store.reading(), prefix):
                yield from self._repeat(cut.kind, partial(tables.delete_buckets, prefix=prefix))

    def _processes(self, cut: CutOff) -> Iterator[None]:
        after = 0
        kept: set[str] | None = None
        while found := tables.ended_processes(self._store.reading(), cut.time, after, BATCH_ROWS):
            if kept is None:
                # They stay: else it would seem that the store has never read what it has.
                kept = archive.writers()
            for process, writer in found:
                if writer not in kept:
                    yield from self._process(process)
            after = found[-1][0]

    def _process(self, process: int) -> Iterator[None]:
        segments = BATCH_ROWS
        while segments:
            with self._store.transaction() as db:
                gone, segments = tables.delete_process(db, process, BATCH_ROWS - 1)
            self.gone["processes"] += gone
            yield

    def _beyond_size(self) -> Iterator[None]:
        limit = settings.STORE_MAX_BYTES
        while limit and space.used(self._store.reading()) > limit:
            oldest = {
                kind: keys[0]
                for kind in ("requests", "logs")
                if (keys := self._read(f"SELECT id FROM {tables.KEYED[kind]} ORDER BY id LIMIT 1"))  # noqa: S608
            }
            if not oldest:
                return
            kind = min(oldest, key=lambda each: oldest[each])
            self._step(kind, partial(tables.delete_keyed, kind=kind, key=_ANY_KEY))
            yield

    def _read(self, sql: str) -> list[int]:
        return [key for (key,) in self._store.reading().execute(sql)]
