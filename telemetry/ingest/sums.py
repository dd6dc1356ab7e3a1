"""Sums of series in intervals of one length, on their way from a batch to the store."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from telemetry.ingest import packed
from telemetry.ingest.floats import added

# Series, start of the interval in seconds.
Key = tuple[int, int]
# Count, total, minimum, maximum, last, time of last.
Did = list[float]


@dataclass(slots=True)
class Sums:
    """What each series did in each interval; of histograms `{idx: n}`."""

    buckets: dict[Key, Did] = field(default_factory=dict)
    histograms: dict[Key, dict[int, int]] = field(default_factory=dict)
    # The histograms as bytes, where they have been packed.
    _packed: list[bytes] | None = None

    def put(self, key: Key, did: Did) -> None:
        """Add the sums of a series in an interval; `did` is this object's from now on."""
        found = self.buckets.setdefault(key, did)
        if found is not did:
            _merge(found, did)

    def fall(self, key: Key, counts: dict[int, int]) -> None:
        """The same of what it observed."""
        found = self.histograms.setdefault(key, counts)
        if found is not counts:
            _count(found, counts)

    def wider(self, resolution: int) -> "Sums":
        """The sums of wider intervals; these ones are of no use any more."""
        found = Sums()
        for (series, start), did in self.buckets.items():
            found.put((series, start // resolution * resolution), did)
        for (series, start), counts in self.histograms.items():
            found.fall((series, start // resolution * resolution), counts)
        if len(found.histograms) == len(self.histograms):
            # Each is alone in its wider interval, and in its place.
            found._packed = self._packed
        return found

    def together(self, into: Mapping[int, Iterable[int]]) -> "Sums":
        """What series did that belong together, by what they are merged into."""
        found = Sums()
        for (series, start), did in self.buckets.items():
            for merged in into.get(series, ()):
                before = found.buckets.get((merged, start))
                if before is None:
                    # A copy: what is merged into it is not of this series.
                    found.buckets[merged, start] = [*did]
                else:
                    _merge(before, did)
        for (series, start), counts in self.histograms.items():
            for merged in into.get(series, ()):
                fallen = found.histograms.get((merged, start))
                if fallen is None:
                    found.histograms[merged, start] = {**counts}
                else:
                    _count(fallen, counts)
        return found

    def packs(self) -> dict[Key, bytes]:
        """The histograms as bytes."""
        if self._packed is None:
            self._packed = [packed.pack(counts) for counts in self.histograms.values()]
        return dict(zip(self.histograms, self._packed, strict=True))


def _merge(into: Did, other: Did) -> None:
    into[0] += other[0]
    into[1] = added(into[1], other[1])
    into[2] = min(into[2], other[2])
    into[3] = max(into[3], other[3])
    if other[5] >= into[5]:
        into[4:6] = other[4:6]


def _count(into: dict[int, int], other: dict[int, int]) -> None:
    get = into.get
    for idx, n in other.items():
        into[idx] = get(idx, 0) + n
