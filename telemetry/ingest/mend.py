"""When a store is made again: it was there in this run and is gone, or it is malformed twice."""

from telemetry.ingest import rebuild
from telemetry.ingest.connection import Store, StoreMalformed, StoreMissing, StoreUnavailable, path


class Mender:
    """One ingester's memory of what it has seen of the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._was_there = ""
        self._struck: set[str] = set()

    def fine(self, work: str) -> None:
        """A kind of work on the store went well."""
        self._struck.discard(work)
        self._was_there = str(path())

    def mend(self, work: str, error: StoreUnavailable) -> bool:
        """Whether the store was made again, so that the work can be tried at once.

        A store that never existed in this run is waited for: nobody has asked for it yet.
        Raises StoreUnavailable.
        """
        if isinstance(error, StoreMissing) and self._was_there == str(path()):
            self._store.close()
            rebuild.make_again()
            return True
        if not isinstance(error, StoreMalformed):
            return False
        self._store.close()
        if work not in self._struck and not error.checked:
            # With a new connection it may be sound: somebody is just putting a copy in place.
            self._struck.add(work)
            return False
        self._struck.clear()
        rebuild.replace_malformed()
        return True
