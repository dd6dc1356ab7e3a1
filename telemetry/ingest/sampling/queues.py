"""How many tasks wait in django-q2's queue.

Its broker may be the application's own database, or a server: it is asked through django-q2, in a
thread of its own, so that one that does not answer holds nothing up. Only read.
"""

import threading

from django.apps import apps
from django.db import connections

from telemetry import quiet
from telemetry.ingest import builtin, notices
from telemetry.ingest.sampling.readings import Reading


class QueueDepth:
    """The newest answer; each look gives it once and asks again."""

    def __init__(self) -> None:
        self._found: list[Reading] = []
        self._thread: threading.Thread | None = None

    def readings(self) -> list[Reading]:
        """What the last question was answered with, if it was."""
        if not apps.is_installed("django_q"):
            return []
        if self._thread is not None and self._thread.is_alive():
            return []
        found, self._found = self._found, []
        self._thread = threading.Thread(target=self._ask, name="telemetry-queue", daemon=True)
        self._thread.start()
        return found

    def _ask(self) -> None:
        with quiet.ingesting():
            try:
                self._found = [ask()]
            except Exception as error:
                # A broker may raise whatever its client does; the next look asks again.
                notices.say(f"django-q2's queue cannot be asked: {type(error).__name__}: {error}")
            finally:
                connections.close_all()


def ask() -> Reading:
    """Tasks that wait to be taken by a worker; those that run are not among them."""
    from django_q.brokers import get_broker

    broker = get_broker()
    return Reading(builtin.QUEUE_DEPTH, (("queue", str(broker.list_key)),), broker.queue_size())
