"""Small filesystems of a test's own, where this user may mount."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"may not mount: {done.stderr.strip()}")


@contextlib.contextmanager
def small(folder: Path, size: int) -> Iterator[None]:
    """A tmpfs of so many bytes at the folder, with what the folder holds; its files stay there."""
    folder.mkdir(exist_ok=True)
    held = _content(folder)
    _mount("-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder))
    try:
        _put(folder, held)
        yield
        held = _content(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
    _put(folder, held)


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _put(folder: Path, held: dict[str, bytes]) -> None:
    for name, content in held.items():
        (folder / name).write_bytes(content)


def resize(folder: Path, size: int) -> None:
    """Give a small filesystem more room, or less."""
    _mount("-o", f"remount,size={size}", str(folder))
