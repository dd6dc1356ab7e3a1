"""What a process does that is there for ingest alone: it stands back, and settles."""

import gc
import os


def stand_back(nice: int) -> None:
    """Leave busy processors to others, as far as `nice` says; never more urgent than it was."""
    if hasattr(os, "nice"):
        os.nice(max(0, nice - os.nice(0)))


def settle() -> None:
    """Let the collector leave alone what is imported by now.

    A batch makes tens of thousands of objects, at which it would walk over all modules again and
    again: a sixth of ingest's time.
    """
    gc.collect()
    gc.freeze()
