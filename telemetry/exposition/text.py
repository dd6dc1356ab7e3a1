"""Families as text.

prometheus-client chooses the format and writes the head of each family, and the floats. It would
take the labels of a histogram apart again for each of its twenty lines, which makes a page of 2,000
histograms five times as dear: lines are put together here, and a test compares both.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
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
    if family.type == HISTOGRAM:
        buckets = _Buckets(family)
        yield from (buckets.lines(one) for one in family.series)
        return
    is_counter = family.type == COUNTER
    name = base_name(family) + (_TOTAL if is_counter else "")
    for one in family.series:
        labels = _labels(one)
        value = floatToGoString(one.total if is_counter else one.last)
        yield f"{name}{{{labels}}} {value}\n" if labels else f"{name} {value}\n"


class _Buckets:
    """The lines of a histogram's series; what they share is put together once."""

    def __init__(self, family: Family) -> None:
        self._name = family.name
        powers = bounds.powers(family.name, family.unit)
        self._lowest, self._step = powers[0], powers[1] - powers[0]
        self._tails = [f'le="{floatToGoString(2.0**power)}"}} ' for power in powers]
        self._tails.append('le="+Inf"} ')

    def lines(self, one: SeriesSum) -> str:
        labels = _labels(one)
        begin = f"{self._name}_bucket{{{labels}," if labels else f"{self._name}_bucket{{"
        counts = [0] * len(self._tails)
        last = len(counts) - 1
        for power, n in one.powers.items():
            # Where not every power is a bound, the next one above takes it in.
            place = -((self._lowest - power) // self._step)
            counts[min(max(place, 0), last)] += n
        lines = [
            f"{begin}{tail}{below}\n"
            for tail, below in zip(self._tails, accumulate(counts), strict=True)
        ]
        braces = f"{{{labels}}}" if labels else ""
        lines.append(f"{self._name}_count{braces} {sum(counts)}\n")
        lines.append(f"{self._name}_sum{braces} {floatToGoString(one.total)}\n")
        return "".join(lines)


def _labels(one: SeriesSum) -> str:
    """`name="value",…` in the order of their names, as the store has them."""
    return ",".join(
        [f'{name}="{_escaped(text)}"' for name, text in one.labels.items() if _is_label(name)]
    )


def _escaped(text: str) -> str:
    # Three looks cost a tenth of a translation, and next to no value needs one.
    is_plain = '"' not in text and "\\" not in text and "\n" not in text
    return text if is_plain else text.translate(_ESCAPES)


@lru_cache(maxsize=1_000)
def _is_label(name: str) -> bool:
    return _LABEL.fullmatch(name) is not None
