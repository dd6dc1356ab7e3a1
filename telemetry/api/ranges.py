"""Metrics: their list, and range queries over one of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from telemetry.api import parameters
from telemetry.api.base import TelemetryView
from telemetry.api.metrics import MetricListSerializer, RangeSerializer
from telemetry.api.problems import BadArguments, Missing
from telemetry.api.schema import described
from telemetry.queries import metrics, series
from telemetry.queries.filters import TIME_FIELDS, Filters, parse
from telemetry.queries.store import reading

_FIELDS = (*TIME_FIELDS, "labels", "by", "merge", "step", "quantiles")
_DEFAULT = timedelta(hours=1)


class MetricListView(TelemetryView):
    """Declared metrics."""

    permission = "telemetry.view_metric"

    @described("metrics", MetricListSerializer)
    @reading()
    def get(self, request: Request) -> Response:
        """List every metric by name."""
        parameters.read(request.query_params, ())
        return Response(MetricListSerializer({"results": metrics.names()}).data)


class MetricView(TelemetryView):
    """One metric over a time range."""

    permission = "telemetry.view_metric"

    @described("series", RangeSerializer, _FIELDS, of_path="name")
    @reading()
    def get(self, request: Request, name: str) -> Response:
        """Query what a metric did in a time range, the last hour by default, in steps."""
        given = parameters.read(request.query_params, _FIELDS)
        times = _times(given)
        start, end = _range(times)
        try:
            found = series.query(name, start=start, end=end, **_arguments(given))
        except series.BadQuery as bad:
            raise _named(bad, times) from None
        return Response(RangeSerializer(found).data)


def _times(given: dict[str, list[str]]) -> Filters:
    parsed = parse({name: given[name][0] for name in TIME_FIELDS if name in given}, TIME_FIELDS)
    if parsed.errors:
        raise BadArguments(
            {name: parameters.sentence(text) for name, text in parsed.errors.items()}
        )
    return parsed.filters


def _range(times: Filters) -> tuple[datetime, datetime]:
    end = times.end or datetime.now(UTC)
    start = times.start or max(end, datetime(1970, 1, 2, tzinfo=UTC)) - _DEFAULT
    return start, end


def _arguments(given: dict[str, list[str]]) -> dict[str, Any]:
    merge = given.get("merge", ["0"])[0]
    if merge not in ("0", "1"):
        raise BadArguments({"merge": "It is neither 1 nor 0."})
    if merge == "1" and "by" in given:
        raise BadArguments({"merge": "It can't stand beside by. Leave one of them out."})
    step = given.get("step", [""])[0]
    return {
        "labels": _labels(given.get("labels", [])),
        "by": [] if merge == "1" else given.get("by"),
        "step": parameters.number(step, "step", 1, 10**9) if step else None,
        "quantiles": [_quantile(text) for text in given.get("quantiles", [])],
    }


def _labels(given: list[str]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise BadArguments({"labels": f"“{text[:40]}” is not name=value. Write method=GET."})
        if labels.setdefault(name, value) != value:
            raise BadArguments({"labels": f"“{name}” can't have two values at once."})
    return labels


def _quantile(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadArguments({"quantiles": f"“{text[:40]}” is not a number from 0 to 1."}) from None


def _named(bad: series.BadQuery, times: Filters) -> Exception:
    """The fault under the name that its argument has here."""
    detail = f"{bad.message[:1].upper()}{bad.message[1:]}."
    if bad.argument == "name":
        return Missing("name", detail)
    start = next((name for name in ("from", "since", "to") if name in times.raw), "from")
    names = {"start": start, "end": "to"}
    return BadArguments({names.get(bad.argument, bad.argument): detail})
