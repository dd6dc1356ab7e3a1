"""Rotation: what is older than its age, or beyond the store's size, goes. Oldest first."""


def prune_now() -> str:
    """Delete what is too old, now; one line that says what went. Raises PruneFailed.

    The entry point for schedules; `manage.py prune` prints the same by kind.
    """
    from telemetry.retention.prune import prune
    from telemetry.retention.text import summary

    return summary(prune())
