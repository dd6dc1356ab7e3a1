"""The series of each kind of unit of work: one counts it, another times it."""

import sqlite3
from typing import TYPE_CHECKING, Any

from telemetry.ingest import builtin

if TYPE_CHECKING:
    from telemetry.ingest.names import Names

_LIMIT = 50_000
HTTP, TASK, COMMAND = 1, 2, 3
KINDS = {HTTP: "request", TASK: "task", COMMAND: "command"}
# Others, which anybody may send, share one label, as OpenTelemetry has it.
_METHODS = frozenset(
    ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE", "")
)
_OTHER_METHOD = "_OTHER"


class Pairs(dict[tuple[Any, ...], tuple[int, ...]]):
    """Remembers them; `clear` after a rollback, as `Names.forget` does.

    Keys are (method, route, status), (kind, route) and (task, outcome): a kind is a number.
    """

    def __init__(self, names: "Names") -> None:
        self._names = names

    def http(self, db: sqlite3.Connection, method: str, route: str, status: int) -> tuple[int, ...]:
        """The series that count a request and that time it."""
        key = (method_label(method), route, status)
        found = self.get(key)
        if found is None:
            labels = {"method": key[0], "route": route}
            # 0: the client or the server ended it before there was an answer.
            none = builtin.STATUS_NONE
            code, group = (str(status), f"{str(status)[0]}xx") if status else (none, none)
            found = self._remember(
                key,
                self._names.series(db, "c", builtin.HTTP_COUNT, {**labels, "status": code}),
                self._names.series(
                    db, "h", builtin.HTTP_DURATION, {**labels, "status_class": group}
                ),
            )
        return found

    def died(self, db: sqlite3.Connection, method: str, route: str) -> int:
        """The series that counts a request whose process died; how long it took nobody knows."""
        labels = {"method": method_label(method), "route": route, "status": builtin.STATUS_DIED}
        return self._names.series(db, "c", builtin.HTTP_COUNT, labels)

    def sql(self, db: sqlite3.Connection, kind: int, route: str) -> tuple[int, ...]:
        """The series that count a kind's route's statements and add up their time, and the one
        that times all units of the kind: a histogram of each route would cost ingest a tenth."""
        key = kind, route
        # At once where it is known: nearly every request comes here.
        return self.get(key) or self._make_sql(db, key)

    def task(self, db: sqlite3.Connection, task: str, outcome: str) -> tuple[int, ...]:
        """The series that count a task and that time it."""
        key = task, outcome
        labels = {"outcome": outcome, "task": task}
        return self.get(key) or self._remember(
            key,
            self._names.series(db, "c", builtin.TASK_COUNT, labels),
            self._names.series(db, "h", builtin.TASK_DURATION, labels),
        )

    def _make_sql(self, db: sqlite3.Connection, key: tuple[int, str]) -> tuple[int, ...]:
        kind = {"kind": KINDS[key[0]]}
        labels = {**kind, "route": key[1]}
        return self._remember(
            key,
            self._names.series(db, "c", builtin.DB_COUNT, labels),
            self._names.series(db, "c", builtin.DB_TIME, labels),
            self._names.series(db, "h", builtin.DB_UNIT_TIME, kind),
        )

    def _remember(self, key: tuple[Any, ...], *series: int) -> tuple[int, ...]:
        if len(self) >= _LIMIT:
            self.clear()
        self[key] = series
        return series


def method_label(method: str) -> str:
    """An HTTP method as metrics are labelled with it."""
    return method if method in _METHODS else _OTHER_METHOD
