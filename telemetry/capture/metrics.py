"""Counters, gauges and histograms: each observation is an event; ingest adds them up."""

import math
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from time import perf_counter_ns
from typing import Any, ClassVar, TypeVar

from telemetry.capture import clock, context, sink, values
from telemetry.capture.context import MAX_SAMPLES, Unit
from telemetry.journal import events

_current = context.current.get
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*\Z")
_LABEL_LIMIT = 200
# Sets of labels that a metric remembers.
_SEEN_LIMIT = 2_000
# Beyond it a float has no room for every whole number.
_WHOLE = 1 << 53


class Metric:
    """A declared metric. Labels are given by name at each observation, all of them."""

    type: ClassVar[str] = ""

    def __init__(self, name: str, help: str, labels: Sequence[str], unit: str) -> None:
        self.name = name
        self.help = help
        self.labels = _label_names(labels)
        self.unit = unit
        self._expected = frozenset(self.labels)
        # The board of the writer that has the declaration; a fork begins a new one.
        self._declared_on: object = self
        self._seen: dict[tuple[tuple[str, Any], ...], dict[str, str]] = {}

    def _observe(self, value: float, labels: dict[str, Any]) -> None:
        unit = _current()
        # All in one place where nothing is out of the ordinary: this is what a request pays for.
        if (
            unit is not None
            and unit.board is self._declared_on
            and unit.spent is None
            and not unit.ended
            and (
                (type(value) is int and -_WHOLE <= value <= _WHOLE)
                or (type(value) is float and isfinite(value))
            )
            and len(unit.samples) < MAX_SAMPLES
        ):
            try:
                known = self._seen.get(tuple(labels.items()))
            except TypeError:
                known = None
            if known is not None:
                unit.samples.append((self.type, self.name, known, value))
                return
        self._observe_with_care(value, labels, unit)

    def _observe_with_care(self, value: float, labels: dict[str, Any], unit: Unit | None) -> None:
        began = perf_counter_ns() if unit is not None and unit.spent is not None else 0
        value = self._number(value)
        key = tuple(labels.items())
        try:
            known = self._seen.get(key)
        except TypeError:
            # A value that cannot be hashed.
            known = None
        if known is None:
            self._check(labels)
        try:
            self._record(value, self._learn(key, labels) if known is None else known, unit)
        except Exception:
            sink.lost("recording a metric sample")
        if began and unit is not None and unit.spent is not None:
            unit.spent += perf_counter_ns() - began

    def _learn(self, key: tuple[tuple[str, Any], ...], labels: dict[str, Any]) -> dict[str, str]:
        """The labels as a record holds them; remembered for the next observation."""
        found = {name: _label(labels[name]) for name in self.labels}
        # Equal values may have different texts (1, True, 1.0): only texts are remembered.
        if len(self._seen) < _SEEN_LIMIT and all(type(value) is str for value in labels.values()):
            self._seen[key] = found
        return found

    def _number(self, value: float) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            raise ValueError(f"{self.name}: value is {value!r}; an observation is a finite number.")
        return number

    def _check(self, labels: dict[str, Any]) -> None:
        if labels.keys() != self._expected:
            raise ValueError(
                f"{self.name}: labels are {sorted(labels)}, declared are {sorted(self._expected)}."
            )

    def _record(self, value: float, labels: dict[str, str], unit: Unit | None) -> None:
        destination = sink.current()
        if self._declared_on is not destination.board:
            self._declare(destination)
        sample = (self.type, self.name, labels, value)
        if unit is None or unit.ended:
            now = clock.now()
            destination.emit(events.SamplesMade(None if unit is None else unit.uid, now, [sample]))
            return
        if len(unit.samples) >= MAX_SAMPLES:
            # Taken before they are written: another thread of this unit must not write them too.
            full, unit.samples = unit.samples, []
            destination.emit(events.SamplesMade(unit.uid, unit.now(), full))
        unit.samples.append(sample)

    def _declare(self, destination: Any) -> None:
        # A segment's reader needs the declaration once for each writer.
        self._declared_on = destination.board
        destination.emit(
            events.MetricDeclared(clock.now(), self.type, self.name, self.unit, self.help)
        )


class Counter(Metric):
    """A count that only grows. Its name ends in `_total`."""

    type = "c"

    def inc(self, amount: float = 1, **labels: Any) -> None:
        """Add `amount`, 0 or more. Raises ValueError for a wrong label, a negative or NaN."""
        number = amount if type(amount) is int else self._number(amount)
        if number < 0:
            raise ValueError(f"{self.name}: amount is {amount!r}; a counter only grows.")
        self._observe(number, labels)


class Gauge(Metric):
    """A value that goes up and down; the newest one counts."""

    type = "g"

    def set(self, value: float, **labels: Any) -> None:
        """Set the value. Raises ValueError for a wrong label or NaN."""
        self._observe(value, labels)


class Histogram(Metric):
    """A distribution; quantiles of it are within 1.09 % of a true value."""

    type = "h"

    def observe(self, value: float, **labels: Any) -> None:
        """Record one value, in the metric's unit. Raises ValueError for a wrong label or NaN."""
        self._observe(value, labels)

    @contextmanager
    def time(self, **labels: Any) -> Iterator[None]:
        """Observe the seconds that a block takes; as a decorator, those of each call."""
        self._check(labels)
        began = time.perf_counter()
        try:
            yield
        finally:
            self.observe(time.perf_counter() - began, **labels)


_declared: dict[str, Metric] = {}


def counter(name: str, help: str, labels: Sequence[str] = (), unit: str = "") -> Counter:
    """Declare a counter, named `…_total`. Raises ValueError for a name that Prometheus refuses."""
    if not name.endswith("_total"):
        raise ValueError(f"name: {name!r} does not end in _total, as a counter's does.")
    return _declare(Counter(name, help, labels, unit))


def gauge(name: str, help: str, labels: Sequence[str] = (), unit: str = "") -> Gauge:
    """Declare a gauge. Raises ValueError for a name that Prometheus refuses."""
    return _declare(Gauge(name, help, labels, unit))


def histogram(name: str, help: str, labels: Sequence[str] = (), unit: str = "seconds") -> Histogram:
    """Declare a histogram. Raises ValueError for a name that Prometheus refuses."""
    return _declare(Histogram(name, help, labels, unit))


M = TypeVar("M", bound=Metric)


def _label_names(given: Sequence[str]) -> tuple[str, ...]:
    if isinstance(given, str):
        raise ValueError(f"labels: {given!r} is a text; give a list of names: [{given!r}].")
    return tuple(given)


def _declare(metric: M) -> M:
    if not _NAME.match(metric.name):
        raise ValueError(f"name: {metric.name!r} is not a metric name ([a-zA-Z_:][a-zA-Z0-9_:]*).")
    for label in metric.labels:
        if not _LABEL.match(label):
            raise ValueError(f"labels: {label!r} is not a label name ([a-zA-Z_][a-zA-Z0-9_]*).")
    known = _declared.setdefault(metric.name, metric)
    if type(known) is not type(metric) or known.labels != metric.labels:
        raise ValueError(f"name: {metric.name!r} is declared already, as another metric.")
    return known


def _label(value: Any) -> str:
    return values.text(value if type(value) is str else values.describe(value), _LABEL_LIMIT)
