"""Records as lines of the JSON log files, in OpenTelemetry's names."""

import sqlite3

from telemetry.conf import settings
from telemetry.journal import events, otel

APP, ERROR = "app", "error"
_ERROR_LEVEL = 40
_PROCESS = "SELECT pid, host, app_version FROM telemetry_process WHERE id = ?"


class Lines:
    """The lines that one batch adds to each file."""

    def __init__(self, resources: dict[int, dict[str, object]], db: sqlite3.Connection) -> None:
        self.texts: dict[str, list[bytes]] = {APP: [], ERROR: []}
        self._enabled = settings.LOG_FILES
        self._resources = resources
        self._db = db

    def add(self, event: events.Event, process: int) -> None:
        """Turn an event into a line of app.jsonl, and of error.jsonl from ERROR up."""
        if not self._enabled:
            return
        found = otel.log_object(event)
        if found is None:
            return
        level, content = found
        content["resource"] = self._resource(process)
        line = otel.encode(content) + b"\n"
        self.texts[APP].append(line)
        if level >= _ERROR_LEVEL:
            self.texts[ERROR].append(line)

    def _resource(self, process: int) -> dict[str, object]:
        """Which process it was, in OpenTelemetry's names."""
        found = self._resources.get(process)
        if found is None:
            pid, host, version = self._db.execute(_PROCESS, (process,)).fetchone()
            found = {"host.name": host, "process.pid": pid, "service.version": version}
            # 0: the record that says who it is has not come yet.
            if pid:
                self._resources[process] = found
        return found
