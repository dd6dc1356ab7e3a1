"""Counters, gauges and histograms: each observation is an event; ingest adds them up."""

import math
from collections.abc import Sequence
from math import isfinite
from time import perf_counter_ns
from typing import Any, ClassVar, TypeVar

from telemetry.capture import clock, context, declarations, sink, values
from telemetry.capture.context import MAX_SAMPLES, Unit
from telemetry.capture.timing import Timer
from telemetry.journal import events

_current = context.current.get
_LABEL_LIMIT = 200
# Sets of labels that a metric remembers; longer values are cut anyway.
_SEEN_LIMIT = 2_000
# Beyond it a float has no room for every whole number.
_WHOLE = 1 << 53


class Usual:
    """One metric's observations where nothing is out of the ordinary: what a request pays for.

    A class of its own, for all kinds of metrics: Python reads the attributes of one class fast.
    """

    __slots__ = ("board", "name", "seen", "type")

    def __init__(self, type: str, name: str) -> None:
        self.type = type
        self.name = name
        # The board of the writer that has the declaration; a fork begins a new one.
        self.board: object = self
        self.seen: dict[tuple[tuple[str, Any], ...], dict[str, str]] = {}

    def record(self, value: float, labels: dict[str, Any]) -> bool:
        """Add to the present unit's samples, where these labels were seen before; else False."""
        unit = _current()
        if (
            unit is None
            or unit.board is not self.board
            or unit.spent is not None
            or len(unit.samples) >= MAX_SAMPLES
            or not (
                (type(value) is int and -_WHOLE <= value <= _WHOLE)
                or (type(value) is float and isfinite(value))
            )
        ):
            return False
        try:
            known = self.seen.get(tuple(labels.items()))
        except TypeError:
            # A value that cannot be hashed.
            return False
        if known is None:
            return False
        # Found and appended to in one step: see `units.end`.
        unit.samples.append((self.type, self.name, known, value))
        return True


class Metric:
    """A declared metric. Labels are given by name at each observation, all of them."""

    type: ClassVar[str] = ""
    # What its observations are called where they are made.
    _argument: ClassVar[str] = "value"

    def __init__(self, name: str, help: str, labels: Sequence[str], unit: str) -> None:
        declarations.check_name(self.type, name)
        declarations.check_help(help)
        declarations.check_unit(self.type, name, unit)
        self.name = name
        self.help = help
        self.labels = declarations.check_labels(self.type, labels)
        self.unit = unit
        self._expected = frozenset(self.labels)
        self._usual = Usual(self.type, name)

    def _observe(self, value: float, labels: dict[str, Any]) -> None:
        """Record a value of which `Usual` makes nothing."""
        unit = _current()
        began = perf_counter_ns() if unit is not None and unit.spent is not None else 0
        value = self._number(value)
        key = tuple(labels.items())
        try:
            known = self._usual.seen.get(key)
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
        if len(self._usual.seen) < _SEEN_LIMIT and all(
            type(value) is str and len(value) <= _LABEL_LIMIT for value in labels.values()
        ):
            self._usual.seen[key] = found
        return found

    def _number(self, value: float) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            told = values.describe(value)[:40]
            raise ValueError(
                f"{self.name}: {self._argument} is {told}; an observation is a finite number."
            )
        return number

    def _check(self, labels: dict[str, Any]) -> None:
        if labels.keys() != self._expected:
            raise ValueError(
                f"{self.name}: labels are {sorted(labels)}, declared are {sorted(self._expected)}."
            )

    def _record(self, value: float, labels: dict[str, str], unit: Unit | None) -> None:
        destination = sink.current()
        if self._usual.board is not destination.board:
            self._declare(destination)
        sample = (self.type, self.name, labels, value)
        if unit is None or unit.ended:
            now = clock.now()
            destination.emit(events.SamplesMade(None if unit is None else unit.uid, now, [sample]))
            return
        full: list[events.Sample] = unit.samples
        if len(full) >= MAX_SAMPLES:
            fresh: list[events.Sample] = []
            # Compared and taken in one step: another thread of this unit must not write them too,
            # nor they be in its record, should it end meanwhile.
            if unit.samples is full:
                unit.samples = fresh
                destination.emit(events.SamplesMade(unit.uid, unit.now(), full))
        unit.samples.append(sample)

    def _declare(self, destination: Any) -> None:
        # A segment's reader needs the declaration once for each writer.
        self._usual.board = destination.board
        destination.emit(
            events.MetricDeclared(clock.now(), self.type, self.name, self.unit, self.help)
        )


class Counter(Metric):
    """A count that only grows. Its name ends in `_total`."""

    type = declarations.COUNTER
    _argument = "amount"

    def inc(self, amount: float = 1, **labels: Any) -> None:
        """Add `amount`, 0 or more. Raises ValueError for a wrong label, a negative or NaN."""
        if type(amount) is not int or amount < 0:
            number = amount if type(amount) is int else self._number(amount)
            if number < 0:
                told = values.describe(amount)[:40]
                raise ValueError(f"{self.name}: amount is {told}; a counter only grows.")
            amount = number
        if not self._usual.record(amount, labels):
            self._observe(amount, labels)


class Gauge(Metric):
    """A value that goes up and down; the newest one counts."""

    type = declarations.GAUGE

    def set(self, value: float, **labels: Any) -> None:
        """Set the value. Raises ValueError for a wrong label or NaN."""
        if not self._usual.record(value, labels):
            self._observe(value, labels)


class Histogram(Metric):
    """A distribution; quantiles of it are within 1.09 % of a true value."""

    type = declarations.HISTOGRAM

    def observe(self, value: float, **labels: Any) -> None:
        """Record one value, in the metric's unit. Raises ValueError for a wrong label or NaN."""
        if not self._usual.record(value, labels):
            self._observe(value, labels)

    def time(self, **labels: Any) -> Timer:
        """Observe the seconds that a block takes (`with`), or each call of what it decorates.

        A function may be `async def`: it is timed to its end. Raises ValueError for a wrong label.
        """
        self._check(labels)
        return Timer(lambda seconds: self.observe(seconds, **labels))


_declared: dict[str, Metric] = {}


def declared() -> set[str]:
    """The names of all metrics that this process has declared."""
    return set(_declared)


def counter(name: str, help: str, labels: Sequence[str] = (), unit: str = "") -> Counter:
    """Declare a counter, named `…_total`.

    Raises ValueError, which names the argument, for what Prometheus refuses: the name, a label's
    name, a unit that the name does not end in (before `_total`), a name that is taken.
    """
    return _declare(Counter(name, help, labels, unit))


def gauge(name: str, help: str, labels: Sequence[str] = (), unit: str = "") -> Gauge:
    """Declare a gauge. Raises ValueError as `counter` does."""
    return _declare(Gauge(name, help, labels, unit))


def histogram(
    name: str, help: str, labels: Sequence[str] = (), unit: str | None = None
) -> Histogram:
    """Declare a histogram; its unit is seconds where its name says so. Raises as `counter` does."""
    if unit is None:
        unit = "seconds" if str(name).endswith("_seconds") else ""
    return _declare(Histogram(name, help, labels, unit))


M = TypeVar("M", bound=Metric)


def _declare(metric: M) -> M:
    known = _declared.get(metric.name)
    if known is None:
        others = ((one.type, one.name) for one in list(_declared.values()))
        if taken := declarations.collision(metric.type, metric.name, others):
            raise ValueError(f"name: {metric.name!r} is written as {taken!r} is, in part.")
        known = _declared.setdefault(metric.name, metric)
    if type(known) is not type(metric) or (known.labels, known.unit) != (
        metric.labels,
        metric.unit,
    ):
        raise ValueError(f"name: {metric.name!r} is declared already, as another metric.")
    return known


def _label(value: Any) -> str:
    return values.text(value if type(value) is str else values.describe(value), _LABEL_LIMIT)
