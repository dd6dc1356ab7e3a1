"""Words for what went, and for what would."""

from telemetry.conf import settings
from telemetry.retention.counts import Expired
from telemetry.retention.prune import Pruned


def summary(done: Pruned) -> str:
    """One line: kinds with rows that went, and the bytes given back."""
    parts = [f"{count:,} {kind}" for kind, count in done.gone.items() if count]
    if not parts and not done.bytes_freed:
        return "Nothing is too old."
    return f"Deleted {', '.join(parts) or 'no records'}; {done.bytes_freed:,} bytes given back."


def preview(found: list[Expired], excess: int) -> list[str]:
    """A line for each kind: how many would go, and older than when."""
    if not found:
        return ["The store has no records."]
    lines = [
        f"{each.kind:<12}{each.rows:>14,} older than {each.before:%Y-%m-%d %H:%M:%S} UTC"
        for each in found
    ]
    if excess:
        lines.append(
            f"The store is {excess:,} bytes beyond STORE_MAX_BYTES ({settings.STORE_MAX_BYTES:,}): "
            "the oldest requests and logs would go until it is not."
        )
    return [*lines, "Nothing was deleted."]
