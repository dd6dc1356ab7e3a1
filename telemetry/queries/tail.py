"""New records as they arrive, for somebody who watches."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from telemetry.queries import ids, logs, requests
from telemetry.queries.filters import Filters
from telemetry.queries.logs import LogRow
from telemetry.queries.paging import Cursor, Page
from telemetry.queries.requests import RequestRow
from telemetry.queries.store import key_of

Row = LogRow | RequestRow
R = TypeVar("R", LogRow, RequestRow)
# A record of a slow writer is stored after newer ones of others: look so far back again.
_OVERLAP = timedelta(seconds=10)
# At most this many pages a look: a flood is shown in the next ones.
_PAGES = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to watch: records from a level up, of a route, of a transaction; None: any."""

    level: int | None = None
    route: str | None = None
    transaction: str | None = None


class Follower:
    """Gives each record once, in order of time as far as it has arrived."""

    def __init__(self, wanted: Wanted, since: datetime) -> None:
        self._wanted = wanted
        self._least = wanted.level or 0
        self._after = key_of(since)
        self._seen: dict[tuple[str, int], None] = {}
        self._spellings = frozenset(ids.spellings(wanted.transaction or ""))
        self._uids: set[str] = set()

    def fresh(self) -> list[Row]:
        """The records that arrived since the last call."""
        # A transaction's requests tell which records are its own, so they come first.
        units = self._new(requests.page, Filters(route=self._wanted.route, include_self=False))
        self._uids.update(unit.uid for unit in units if self._is_of_transaction(unit))
        records = self._new(logs.page, Filters(level=self._wanted.level, route=self._wanted.route))
        arrived: list[Row] = [*units, *records]
        fresh = [row for row in arrived if self._is_wanted(row) and self._first(row)]
        horizon = key_of(datetime.now(UTC) - _OVERLAP)
        self._after = max(self._after, horizon)
        self._seen = {key: None for key in self._seen if key[1] >= self._after}
        return sorted(fresh, key=lambda row: row.id)

    def _new(self, page: Callable[[Filters, Cursor], Page[R]], filters: Filters) -> list[R]:
        found: list[R] = []
        after: int | None = self._after
        for _ in range(_PAGES):
            if after is None:
                break
            part = page(filters, Cursor(after=after))
            found += reversed(part.rows)
            after = part.newer
        return found

    def _is_wanted(self, row: Row) -> bool:
        # The canonical record counts as INFO, and as ERROR when its work failed.
        if isinstance(row, RequestRow) and (40 if row.error_type else 20) < self._least:
            return False
        return self._wanted.transaction is None or self._is_of_transaction(row)

    def _is_of_transaction(self, row: Row) -> bool:
        if isinstance(row, RequestRow):
            return row.transaction_id in self._spellings
        return row.attributes.get("transaction.id") in self._spellings or row.uid in self._uids

    def _first(self, row: Row) -> bool:
        key = (type(row).__name__, row.id)
        if key in self._seen:
            return False
        self._seen[key] = None
        return True
