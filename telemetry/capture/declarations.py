"""What a metric may be called: Prometheus' and OpenMetrics' rules, checked when it is declared.

Each error begins with the argument at fault: name, help, labels or unit.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

COUNTER, GAUGE, HISTOGRAM = "c", "g", "h"
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*\Z")
_UNIT = re.compile(r"[a-zA-Z0-9_]*\Z")
_LONGEST = 200
# Histograms and summaries are written with these; the last one is ingest's.
_RESERVED = frozenset(("le", "quantile", "otel_metric_overflow"))
# How an observation is made: a label of this name could never be given.
_ARGUMENTS = {COUNTER: ("self", "amount"), GAUGE: ("self", "value"), HISTOGRAM: ("self", "value")}
# The samples that a metric is written as, by what is added to its name (a counter's has `_total`).
_SAMPLES = {
    COUNTER: ("", "_total", "_created"),
    GAUGE: ("",),
    HISTOGRAM: ("", "_bucket", "_sum", "_count", "_created"),
}
_OF_OTHERS = ("_bucket", "_sum", "_count", "_created")


def check_name(kind: str, name: Any) -> None:
    """ValueError where Prometheus refuses the name, or means another type by it."""
    if not isinstance(name, str) or not _NAME.match(name):
        raise ValueError(f"name: {name!r} is not a metric name ([a-zA-Z_:][a-zA-Z0-9_:]*).")
    if len(name) > _LONGEST:
        raise ValueError(f"name: {name[:40]!r}… is longer than {_LONGEST} characters.")
    if kind == COUNTER and not name.endswith("_total"):
        raise ValueError(f"name: {name!r} does not end in _total, as a counter's does.")
    if kind != COUNTER and name.endswith("_total"):
        raise ValueError(f"name: {name!r} ends in _total, as a counter's does.")
    for suffix in _OF_OTHERS:
        if _base(kind, name).endswith(suffix):
            raise ValueError(f"name: {name!r} ends in {suffix}, as a sample of a histogram does.")


def check_help(text: Any) -> None:
    """ValueError where it cannot be written down."""
    if not isinstance(text, str):
        raise ValueError(f"help: {text!r} is not a text.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"help: {text!r} has characters that UTF-8 cannot hold.") from None


def check_labels(kind: str, given: Any) -> tuple[str, ...]:
    """The label names as a tuple."""
    if isinstance(given, str):
        raise ValueError(f"labels: {given!r} is a text; give a list of names: [{given!r}].")
    if not isinstance(given, Iterable):
        raise ValueError(f"labels: {given!r} is not a list of names.")
    names = tuple(given)
    for label in names:
        if not isinstance(label, str) or not _LABEL.match(label):
            raise ValueError(
                f"labels: {label!r} is not a label name ([a-zA-Z_][a-zA-Z0-9_]*, no __ before it)."
            )
        if label in _RESERVED or label in _ARGUMENTS[kind]:
            raise ValueError(f"labels: {label!r} is reserved; call it something else.")
        if names.count(label) > 1:
            raise ValueError(f"labels: {label!r} is there twice.")
    return names


def check_unit(kind: str, name: str, unit: Any) -> None:
    """ValueError where the name does not end in the unit; `1` is for what has none."""
    if not isinstance(unit, str) or not _UNIT.match(unit):
        raise ValueError(f"unit: {unit!r} is not a unit's name: seconds, bytes, ratio.")
    if unit not in ("", "1") and not _base(kind, name).endswith(f"_{unit}"):
        right = f"{_base(kind, name)}_{unit}{'_total' if kind == COUNTER else ''}"
        raise ValueError(f"unit: {unit!r} is not how {name!r} ends; call the metric {right!r}.")


def collision(kind: str, name: str, others: Iterable[tuple[str, str]]) -> str | None:
    """The metric, of those given by (kind, name), one of whose samples has a name of this one's."""
    own = _samples(kind, name)
    return next(
        (other for type_, other in others if other != name and own & _samples(type_, other)), None
    )


def _samples(kind: str, name: str) -> set[str]:
    suffixes: Sequence[str] = _SAMPLES[kind]
    return {_base(kind, name) + suffix for suffix in suffixes}


def _base(kind: str, name: str) -> str:
    return name.removesuffix("_total") if kind == COUNTER else name
