"""Metrics: every one that was declared, and the course of one over a time range."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse

from telemetry.admin import forms, lines, shell
from telemetry.dashboards import units
from telemetry.queries import courses, listed, metrics
from telemetry.queries.arguments import MAX_SERIES, BadQuery
from telemetry.queries.courses import Told, Whole
from telemetry.queries.filters import TIME_FIELDS, Parsed, parse
from telemetry.queries.listed import ListedMetric
from telemetry.queries.metrics import MetricRow

TAB = "Metrics"
DEFAULT_SINCE = "1h"
# Values of `by` that are no label: all merged into one, and each series.
_ALL, _EACH = "", "*"
# So many series are shown each by itself unless asked otherwise.
_FEW = 12
_MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """One link of what lines can be told apart by."""

    label: str
    query: str
    current: bool


@shell.page(shell.VIEW_REQUEST)
def metric_list(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Every metric, by name."""
    rows = [(one, _newest(one)) for one in listed.listed()]
    return shell.render(site, request, "metrics", {"title": TAB, "rows": rows}, tab=TAB)


@shell.page(shell.VIEW_REQUEST)
def metric_detail(site: AdminSite, request: HttpRequest, name: str) -> HttpResponse:
    """One metric over a time range, told apart by a label, by all of them or by none."""
    metric = metrics.find(name)
    if metric is None:
        raise Http404("There is no metric of this name. The page Metrics lists all.")
    params = request.GET.dict()
    now = datetime.now(UTC)
    every = metrics.series(name)
    labels = sorted({label for one in every for label in one.labels})
    by = params.pop("by", _EACH if len(every) <= _FEW else _ALL)
    parsed = _with_by(parse(params, TIME_FIELDS, default_since=DEFAULT_SINCE, now=now), by)
    told = None
    if not parsed.errors:
        try:
            told = _told(name, parsed, now, by)
        except BadQuery as error:
            parsed = replace(parsed, errors={error.argument: error.message})
    context: dict[str, Any] = {
        **forms.context(parsed, params, TIME_FIELDS, any_time=False),
        "title": name,
        "metric": metric,
        "series": len(every),
        "choices": _choices(parsed, labels, by, len(every)),
        **({} if told is None else _shown(metric, told)),
    }
    code = 400 if parsed.errors else 200
    return shell.render(site, request, "metric", context, code=code, tab=TAB)


def _newest(one: ListedMetric) -> str:
    if one.newest is None:
        return ""
    # Of a histogram it is how often something was observed.
    return (
        units.rate(one.newest) if one.metric.type == "histogram" else _write(one.metric, one.newest)
    )


def _told(name: str, parsed: Parsed, now: datetime, by: str) -> Told:
    end = parsed.filters.end or now
    start = parsed.filters.start or end - timedelta(hours=1)
    return courses.told(name, start, end, {_ALL: [], _EACH: None}.get(by, [by]))


def _shown(metric: MetricRow, told: Told) -> dict[str, Any]:
    chart = lines.plot(told)
    return {
        "told": told.answer,
        "chart": chart,
        "high": "" if chart is None else _write(metric, chart.high),
        "low": "" if chart is None else _write(metric, chart.low),
        "more_lines": max(0, len(told.courses) - lines.MOST),
        "rows": [_row(metric, one) for one in told.wholes[:_MOST_ROWS]],
        "more_rows": max(0, len(told.wholes) - _MOST_ROWS),
        "quantiles": [f"p{q * 100:g}" for q in courses.QUANTILES],
    }


def _row(metric: MetricRow, one: Whole) -> dict[str, Any]:
    write, did = units.of(metric.name), one.did
    mean = did.total / did.count if did.count else 0.0
    return {
        "labels": one.labels,
        "count": did.count,
        "total": write(did.total),
        "mean": write(mean),
        "minimum": write(did.minimum),
        "maximum": write(did.maximum),
        "last": "" if did.last is None else write(did.last),
        "quantiles": [write(value) for value in did.quantiles.values()],
    }


def _write(metric: MetricRow, value: float) -> str:
    """A value of the chart: that of a gauge, a counter's rate, a quantile of a histogram."""
    if metric.type == "counter":
        return f"{units.of(metric.name)(value)}/s"
    return units.of(metric.name)(value)


def _with_by(parsed: Parsed, by: str) -> Parsed:
    """With `by` among what links keep."""
    raw = {**parsed.filters.raw, "by": by}
    return replace(parsed, filters=replace(parsed.filters, raw=raw))


def _choices(parsed: Parsed, labels: Sequence[str], by: str, series: int) -> list[Choice]:
    offered = [("all together", _ALL), *((label, label) for label in labels)]
    if 1 < series <= MAX_SERIES:
        offered.append(("each series", _EACH))
    query = parsed.filters.query
    return [Choice(label, f"{query(by=None)}&by={value}", value == by) for label, value in offered]
