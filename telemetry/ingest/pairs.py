"""The two series of each kind of unit of work: one counts it, the other times it."""

import sqlite3
from typing import TYPE_CHECKING, Any

from telemetry.ingest import builtin

if TYPE_CHECKING:
    from telemetry.ingest.names import Names

_LIMIT = 50_000
# Others, which anybody may send, share one label, as OpenTelemetry has it.
_METHODS = frozenset(
    ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE", "")
)
_OTHER_METHOD = "_OTHER"


class Pairs(dict[tuple[Any, ...], tuple[int, int]]):
    """Remembers them; `clear` after a rollback, as `Names.forget` does."""

    def __init__(self, names: "Names") -> None:
        self._names = names

    def http(self, db: sqlite3.Connection, method: str, route: str, status: int) -> tuple[int, int]:
        """The series that count a request and that time it."""
        key = (method_label(method), route, status)
        found = self.get(key)
        if found is None:
            if len(self) >= _LIMIT:
                self.clear()
            labels = {"method": key[0], "route": route}
            # 0: the client or the server ended it before there was an answer.
            none = builtin.STATUS_NONE
            code, group = (str(status), f"{str(status)[0]}xx") if status else (none, none)
            series = self._names.series
            found = self[key] = (
                series(db, "c", builtin.HTTP_COUNT, {**labels, "status": code}),
                series(db, "h", builtin.HTTP_DURATION, {**labels, "status_class": group}),
            )
        return found

    def died(self, db: sqlite3.Connection, method: str, route: str) -> int:
        """The series that counts a request whose process died; how long it took nobody knows."""
        labels = {"method": method_label(method), "route": route, "status": builtin.STATUS_DIED}
        return self._names.series(db, "c", builtin.HTTP_COUNT, labels)

    def sql(self, db: sqlite3.Connection, kind: str, route: str) -> tuple[int, int]:
        """The series that count the statements of a kind's route, and that time them."""
        return self._pair(db, (builtin.DB_COUNT, builtin.DB_TIME), ("kind", kind), ("route", route))

    def task(self, db: sqlite3.Connection, task: str, outcome: str) -> tuple[int, int]:
        """The series that count a task and that time it."""
        names = (builtin.TASK_COUNT, builtin.TASK_DURATION)
        return self._pair(db, names, ("task", task), ("outcome", outcome))

    def _pair(
        self, db: sqlite3.Connection, names: tuple[str, str], *labels: tuple[str, str]
    ) -> tuple[int, int]:
        key = (names, labels)
        found = self.get(key)
        if found is None:
            if len(self) >= _LIMIT:
                self.clear()
            count, timing = names
            found = self[key] = (
                self._names.series(db, "c", count, dict(labels)),
                self._names.series(db, "h", timing, dict(labels)),
            )
        return found


def method_label(method: str) -> str:
    """An HTTP method as metrics are labelled with it."""
    return method if method in _METHODS else _OTHER_METHOD
