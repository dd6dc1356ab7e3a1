"""Limits that a process lays upon itself: how long its files may be, what root may do."""

import ctypes
import os
import resource
from typing import Literal, TypedDict

# Overrides of file permissions: CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER.
_OVERRIDES = 1 << 1 | 1 << 2 | 1 << 3
_CAPABILITY_VERSION_3 = 0x20080522


class Limit(TypedDict, total=False):
    """`file_bytes`: no file may grow beyond; `permissions`: they bind root too."""

    file_bytes: int
    permissions: Literal[True]


def impose(limit: Limit | None) -> None:
    """Lay the limits on this process."""
    if not limit:
        return
    if limit.get("permissions"):
        _drop_overrides()
    if "file_bytes" in limit:
        file_bytes(limit["file_bytes"])


def file_bytes(size: int | None) -> None:
    """No file may grow beyond `size` bytes (a write then fails with EFBIG); None: no limit."""
    soft = resource.RLIM_INFINITY if size is None else size
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))


def _drop_overrides() -> None:
    # Who is not root is bound by permissions anyway.
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)()
    if libc.capget(header, data) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    # Effective, permitted and inheritable of the lower 32, then of the upper.
    data[0] &= ~_OVERRIDES
    data[1] &= ~_OVERRIDES
    if libc.capset(header, data) != 0:
        raise OSError(ctypes.get_errno(), "capset")
