"""The time-and-filter grammar that every list, chart and link shares.

`since=15m` (s, m, h, d) or `from=…&to=…` (ISO 8601, UTC unless it says otherwise), `level`,
`status` (500 or 5xx), `route`, `outcome`, `method`, `kind`, `q` (text), `error`, `min_ms`,
`self=1`, `repeated=1` (N+1), `transaction`, `user`, `trace`, `logger`, `load_run`. Empty values
count as absent.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from telemetry.queries import values
from telemetry.queries.paging import Cursor
from telemetry.queries.store import MAX_KEY, key_of

TIME_FIELDS = ("since", "from", "to")
REQUEST_FIELDS = (
    *TIME_FIELDS,
    *("q", "route", "status", "level", "outcome", "method", "kind", "error"),
    *("min_ms", "user", "transaction", "load_run", "repeated", "self"),
)
LOG_FIELDS = (*TIME_FIELDS, "q", "level", "logger", "route", "trace", "transaction")
ERROR_FIELDS = (*TIME_FIELDS, "q", "route")
_CURSOR_FIELDS = ("before", "after")


@dataclass(frozen=True, slots=True)
class Filters:
    """Parsed filters. `raw` keeps what was asked, for links; times are aware, `end` exclusive."""

    start: datetime | None = None
    end: datetime | None = None
    level: int | None = None
    status: tuple[int, int] | None = None
    route: str | None = None
    outcome: str | None = None
    method: str | None = None
    kind: int | None = None
    q: str | None = None
    error: str | None = None
    min_ms: float | None = None
    repeated: bool = False
    include_self: bool = False
    transaction: str | None = None
    trace: str | None = None
    user: str | None = None
    logger: str | None = None
    load_run: str | None = None
    raw: Mapping[str, str] = field(default_factory=dict)

    @property
    def low(self) -> int:
        """The lowest key in the time range."""
        return 0 if self.start is None else key_of(self.start)

    @property
    def high(self) -> int:
        """The first key past the time range."""
        return MAX_KEY if self.end is None else key_of(self.end)

    @property
    def narrowed(self) -> bool:
        """Whether anything but the time range and `self` is asked for."""
        return any(name not in (*TIME_FIELDS, "self") for name in self.raw)

    def query(self, **changes: object) -> str:
        """The query string of these filters with `changes`; None takes a filter away."""
        merged: dict[str, object] = {**self.raw, **changes}
        return urlencode({k: v for k, v in merged.items() if v not in (None, "")})

    def time_query(self, **changes: object) -> str:
        """The query string of the time range alone, with `changes`."""
        kept = {name: self.raw[name] for name in TIME_FIELDS if name in self.raw}
        return urlencode({k: v for k, v in {**kept, **changes}.items() if v not in (None, "")})


@dataclass(frozen=True, slots=True)
class Parsed:
    """Filters and cursor of a URL, and for each bad parameter one sentence that says why."""

    filters: Filters
    cursor: Cursor
    errors: Mapping[str, str]


def parse(
    params: Mapping[str, str],
    allowed: Collection[str],
    *,
    default_since: str = "",
    now: datetime | None = None,
) -> Parsed:
    """Read a URL's parameters. Those that begin with `_` are not ours and are passed over."""
    raw = {name: text.strip() for name, text in params.items() if not name.startswith("_")}
    raw = {name: text for name, text in raw.items() if text}
    if default_since and not raw.keys() & {"since", "from", "to"}:
        raw["since"] = default_since
    errors: dict[str, str] = {}
    read: dict[str, Any] = {}
    for name, text in raw.items():
        if name not in allowed and name not in _CURSOR_FIELDS:
            errors[name] = f"is no filter of this page. It has: {', '.join(allowed)}."
            continue
        try:
            read[name] = values.PARSERS[name](text)
        except ValueError as error:
            errors[name] = str(error)
    if "before" in read and "after" in read:
        errors["after"] = "can't stand beside before. Leave one of them out."
    cursor = Cursor(read.pop("before", None), read.pop("after", None))
    shown = {name: text for name, text in raw.items() if name not in _CURSOR_FIELDS}
    return Parsed(_build(read, shown, errors, now or datetime.now(UTC)), cursor, errors)


def _build(
    read: dict[str, Any], raw: dict[str, str], errors: dict[str, str], now: datetime
) -> Filters:
    since: timedelta | None = read.pop("since", None)
    start, end = read.pop("from", None), read.pop("to", None)
    if start is not None or end is not None:
        # An explicit range is the more exact wish of the two.
        raw.pop("since", None)
    elif since is not None:
        start = now - since
    if start is not None and end is not None and start >= end:
        errors["to"] = "is not after from. Exchange the two."
    read["include_self"] = read.pop("self", False)
    return Filters(start=start, end=end, raw=raw, **read)
