"""Which filesystem a folder is on, as far as the system tells."""

from pathlib import Path

_MOUNTS = Path("/proc/self/mounts")
_NETWORK = frozenset(
    "9p afs beegfs ceph cifs fuse.glusterfs fuse.sshfs lustre nfs nfs4 smb3 smbfs".split()
)


def network_filesystem(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """The type of the network filesystem that `folder` is on; None for a local or unknown one."""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return None
    best = ("", "")
    for line in lines:
        _, where, kind, *_ = line.split(" ")
        # Spaces in paths are written as octal escapes there.
        where = where.encode().decode("unicode_escape")
        if folder.absolute().is_relative_to(where) and len(where) >= len(best[0]):
            best = (where, kind)
    return best[1] if best[1] in _NETWORK else None
