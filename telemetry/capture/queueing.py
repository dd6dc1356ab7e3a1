"""How long a request waited for a worker: `X-Request-Start`, which a proxy in front sets."""

import re

# `t=1700000000.123`: seconds, milliseconds or microseconds since the epoch, told apart by size.
_FORM = re.compile(r"(?:t=)?([0-9]{9,16})(\.[0-9]{1,9})?\Z")
_SCALES = ((10**11, 1_000_000), (10**14, 1_000), (10**17, 1))
# What waited longer was not waiting for a worker: the header is somebody's invention. Microseconds.
_LONGEST = 3_600 * 1_000_000


def waited(header: str, arrived: int) -> int | None:
    """Microseconds from the header's moment to `arrived` (microseconds since the epoch).

    None for what is no time, a moment to come, or one more than an hour ago.
    """
    match = _FORM.match(header.strip())
    if match is None:
        return None
    whole, fraction = int(match[1]), float(match[2] or 0)
    scale = next(scale for limit, scale in _SCALES if whole < limit)
    since = arrived - (whole * scale + int(fraction * scale))
    return since if 0 <= since <= _LONGEST else None
