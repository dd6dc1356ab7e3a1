"""Ingest: the only writer of captured rows. Reads the journal, one transaction a batch."""


def drain_if_free() -> int | None:
    """Ingest what waits when nobody does: number of records, or None when another process ingests.

    For commands that read the store: what was recorded just now is then in it. Raises
    StoreUnavailable when the store cannot be written.
    """
    from telemetry.ingest.election import Election
    from telemetry.ingest.worker import Worker

    election = Election()
    if not election.acquire():
        return None
    try:
        worker = Worker(mends=False)
        try:
            return worker.drain()
        finally:
            worker.close()
    finally:
        election.release()
