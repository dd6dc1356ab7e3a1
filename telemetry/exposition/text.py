"""Families as text.

prometheus-client chooses the format and writes the head of each family, and the floats. It would
take the labels of a histogram apart again for each of its twenty lines, which makes a page of 2,000
histograms five times as dear: lines are put together here, and a test compares both.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.utils import floatToGoString

from telemetry.exposition import bounds
from telemetry.queries.totals import COUNTER, GAUGE, HISTOGRAM, Family, SeriesSum

_TYPES = {COUNTER: "counter", GAUGE: "gauge", HISTOGRAM: "histogram"}
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_TOTAL = "_total"
# What OpenMetrics ends with.
_END = b"# EOF\n"
# A metric that was used by another process than declared it may have none yet.
_NO_HELP = "No help was given."


class _Heads:
    """A registry, to prometheus-client, whose families have no samples."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterator[Metric]:
        yield self._family


def render(families: Iterable[Family], accept: str) -> tuple[bytes, str]:
    """The page in the format that an Accept header asks for, and its content type."""
    encoder, content_type = choose_encoder(accept)
    parts = [
        _head(encoder, family) + "".join(_lines(family)).encode("utf-8", "replace")
        for family in families
        if _NAME.fullmatch(family.name)
    ]
    if encoder(_Nothing()) == _END:
        parts.append(_END)
    return b"".join(parts), content_type


class _Nothing:
    def collect(self) -> tuple[()]:
        return ()


def _head(encoder: Any, family: Family) -> bytes:
    name = base_name(family)
    # A unit is the end of the name, or prometheus-client would put it there.
    unit = family.unit if name.endswith(f"_{family.unit}") else ""
    head = Metric(name, family.help or _NO_HELP, _TYPES.get(family.type, "unknown"), unit)
    written: bytes = encoder(_Heads(head))
    return written.removesuffix(_END)


def base_name(family: Family) -> str:
    """The name of the family itself: a counter's without `_total`."""
    return family.name.removesuffix(_TOTAL) if family.type == COUNTER else family.name


def _lines(family: Family) -> Iterator[str]:
    name = base_name(family)
    for one in family.series:
        labels = _labels(one)
        if family.type == HISTOGRAM:
            yield _histogram(family, one, labels)
            continue
        braces = f"{{{labels}}}" if labels else ""
        if family.type == COUNTER:
            yield f"{name}{_TOTAL}{braces} {floatToGoString(one.total)}\n"
        else:
            yield f"{name}{braces} {floatToGoString(one.last)}\n"


def _histogram(family: Family, one: SeriesSum, labels: str) -> str:
    wanted = bounds.powers(family.name, family.unit)
    lowest = wanted[0]
    begin = f"{family.name}_bucket{{{labels}," if labels else f"{family.name}_bucket{{"
    counted = one.powers
    below = sum(n for power, n in counted.items() if power < lowest)
    lines, step = [], wanted[1] - lowest
    for power in wanted:
        # Where not every power is a bound, a bucket takes in the powers since the one before.
        for member in range(power - step + 1 if power > lowest else power, power + 1):
            below += counted.get(member, 0)
        lines.append(f'{begin}le="{_BOUNDS[power]}"}} {below}\n')
    everything = sum(counted.values())
    braces = f"{{{labels}}}" if labels else ""
    lines.append(f'{begin}le="+Inf"}} {everything}\n')
    lines.append(f"{family.name}_count{braces} {everything}\n")
    lines.append(f"{family.name}_sum{braces} {floatToGoString(one.total)}\n")
    return "".join(lines)


_BOUNDS = {
    power: floatToGoString(2.0**power)
    for wanted in (bounds.SECONDS, bounds.BYTES, bounds.OTHER)
    for power in wanted
}


def _labels(one: SeriesSum) -> str:
    return ",".join(
        f'{name}="{value.translate(_ESCAPES)}"'
        for name, value in sorted(one.labels.items())
        if _LABEL.fullmatch(name)
    )
