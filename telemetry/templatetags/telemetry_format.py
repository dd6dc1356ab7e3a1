"""How telemetry's pages write times, durations, levels and statuses."""

import json
import math
from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from telemetry import display
from telemetry.queries.filters import Filters

register = template.Library()

register.filter("duration", display.duration)
register.filter("offset", display.offset)
register.filter("level_name", display.level_name)
register.filter("sampled", display.sampled)
register.filter("number", display.count)
register.filter("step", display.step)
register.filter("size", display.size)


@register.filter
def seconds(value: float | None) -> str:
    """A duration in seconds as people read it."""
    return display.duration(None if value is None else value * 1_000_000)


@register.filter
def from_ms(value: float | str | None) -> str:
    """A duration in milliseconds as people read it; a dash for what was not measured."""
    return display.duration(value * 1_000 if isinstance(value, int | float) else None)


@register.filter
def milliseconds(value: float | None) -> str:
    """Seconds as the value of `min_ms` that still finds the request it came from."""
    return "" if value is None else f"{int(value * 1_000_000) / 1_000:g}"


@register.filter
def percent(ratio: float) -> str:
    """0.0123 as 1.2 %."""
    return f"{ratio * 100:.3g} %" if ratio else "0 %"


@register.filter
def attained(share: float) -> str:
    """0.9995 as 99.95 %; never 100 % unless it is all."""
    # The nearest float may lie a hair below what was meant.
    return f"{math.floor(share * 100_000 + 1e-6) / 1_000:g} %"


@register.filter
def budget(left: float) -> str:
    """What is left of an error budget, whole per cents; below zero it is overspent."""
    return f"{left * 100:,.0f} %"


@register.filter
def moment(when: datetime | None) -> SafeString | str:
    """A <time> in UTC to the millisecond, exact to the microsecond in its title."""
    if when is None:
        return "-"
    utc = when.astimezone(UTC)
    exact = display.exact(when)
    return format_html(
        '<time datetime="{}" title="{}"><span class="t-day">{}</span> {}</time>',
        exact,
        exact,
        utc.strftime("%Y-%m-%d"),
        display.clock(when),
    )


@register.filter
def level_badge(level: int | None) -> SafeString | str:
    """A badge in the colour of its level; nothing for no level."""
    if not level:
        return ""
    name = display.level_name(level)
    return format_html(
        '<span class="t-badge t-level-{}">{}</span>', display.level_class(level), name
    )


@register.filter
def status_badge(status: int | None) -> SafeString | str:
    """A badge in the colour of the status class."""
    if status is None:
        return ""
    return format_html('<span class="t-badge t-status-{}">{}</span>', f"{status // 100}xx", status)


@register.filter
def as_text(value: Any) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


@register.filter
def lookup(mapping: Any, key: Any) -> Any:
    """`mapping[key]`, or an empty text."""
    return mapping.get(key, "")


@register.simple_tag
def narrow(filters: Filters, **changes: Any) -> str:
    """The query string of `filters` with `changes`."""
    return filters.query(**changes)


@register.simple_tag
def ranged(filters: Filters, **changes: Any) -> str:
    """The query string of the time range of `filters` alone, with `changes`."""
    return filters.time_query(**changes)
