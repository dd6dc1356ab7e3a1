"""The page as text: what prometheus-client would write, faster, and what promtool accepts."""

import random
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.utils import floatToGoString

from telemetry.exposition import bounds
from telemetry.exposition.text import render
from telemetry.queries.totals import Family, SeriesSum
from tests.telemetry.exposition.reading import OPENMETRICS, samples

NASTY = ('with "quotes"', "back\\slash", "line\nbreak", "", "dürüm € \u202e", "{}=,")


def series(number: int, powers: dict[int, int] | None = None, **labels: str) -> SeriesSum:
    return SeriesSum(labels, number, number / 3, -number / 7, 0, powers or {})


def families() -> list[Family]:
    """Each type, each kind of unit, nasty labels, extreme numbers."""
    draw = random.Random(1)
    spread = [
        series(9, {draw.randrange(-40, 40): draw.randrange(9) for _ in range(12)}, route=text)
        for text in NASTY
    ]
    return [
        Family("asked_total", "c", "", 'Help with "quotes", \\ and\nbreak.', [series(5)]),
        Family("big_total", "c", "", "Much.", [series(10**15, kind=text) for text in NASTY]),
        Family("free_ratio", "g", "ratio", "Free.", [series(3, disk="a"), series(-3, disk="b")]),
        Family("waiting", "g", "", "", [series(2)]),
        Family("took_seconds", "h", "seconds", "Time.", spread),
        Family("body_bytes", "h", "bytes", "Size.", spread),
        Family("lines", "h", "", "Lines.", [series(4, {0: 1, 3: 3}), *spread]),
    ]


class Reference:
    """The same families as prometheus-client's own."""

    def __init__(self, given: list[Family]) -> None:
        self.given = given

    def collect(self) -> Iterator[Metric]:
        for family in self.given:
            yield self.one(family)

    def one(self, family: Family) -> Metric:
        names = sorted(family.series[0].labels)
        head: Any = (family.name, family.help or "No help was given.")
        unit = family.unit if family.name.endswith(family.unit) else ""
        if family.type == "c":
            built: Any = CounterMetricFamily(*head, labels=names)
        elif family.type == "g":
            built = GaugeMetricFamily(*head, labels=names, unit=unit)
        else:
            built = HistogramMetricFamily(*head, labels=names, unit=unit)
        for each in family.series:
            labels = [each.labels[name] for name in sorted(each.labels)]
            if family.type == "h":
                # As one family with and without labels, which its constructor has no way to say.
                built._labelnames = tuple(sorted(each.labels))
                built.add_metric(labels, self.buckets(family, each), each.total)
            else:
                built.add_metric(labels, each.total if family.type == "c" else each.last)
        return built  # type: ignore[no-any-return]

    @staticmethod
    def buckets(family: Family, each: SeriesSum) -> list[tuple[str, float]]:
        found = [
            (floatToGoString(2.0**bound), sum(n for p, n in each.powers.items() if p <= bound))
            for bound in bounds.powers(family.name, family.unit)
        ]
        return [*found, ("+Inf", sum(each.powers.values()))]


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_it_says_what_prometheus_client_would_say(accept: str) -> None:
    text, content_type = render(families(), accept)
    encoder, expected_type = choose_encoder(accept)
    reference = encoder(Reference(families()))
    assert content_type == expected_type
    assert samples(text.decode(), accept) == samples(reference.decode(), accept)
    # Heads are the same to the letter.
    heads = [line for line in text.splitlines() if line.startswith(b"#")]
    assert heads == [line for line in reference.splitlines() if line.startswith(b"#")]


def test_counts_of_a_histogram_never_fall_towards_the_higher_bounds() -> None:
    text, _ = render(families(), "")
    found: dict[Any, list[float]] = {}
    for (name, labels), value in samples(text.decode()).items():
        if name.endswith("_bucket"):
            rest = tuple(pair for pair in labels if pair[0] != "le")
            found.setdefault((name, rest), []).append(value)
    assert len(found) == 19
    assert all(counts == sorted(counts) for counts in found.values())


def test_what_no_scraper_could_read_is_left_out() -> None:
    bad = [
        Family("no name", "c", "", "", [series(1)]),
        Family(
            "good_total", "c", "", "", [SeriesSum({"no-label": "x", "a": "b"}, 1, 1.0, 1, 0, {})]
        ),
        Family("odd_total", "?", "", "", [series(1)]),
    ]
    text, _ = render(bad, "")
    assert samples(text.decode()) == {
        ("good_total", (("a", "b"),)): 1.0,
        ("odd_total", ()): -1 / 7,
    }


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_an_empty_store_is_an_empty_page(accept: str) -> None:
    text, _ = render([], accept)
    assert samples(text.decode(), accept) == {}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_has_nothing_to_say() -> None:
    text, _ = render(families(), "")
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
