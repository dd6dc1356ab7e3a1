"""Readers for environment variables: a value is right or the start stops with one clear line."""

import os
from collections.abc import Iterable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def text(name: str, default: str) -> str:
    """The variable's value, or `default` when it is unset or empty."""
    return os.environ.get(name) or default


def boolean(name: str, default: bool) -> bool:
    """1/true/yes/on or 0/false/no/off, in any case; anything else is an error."""
    raw = os.environ.get(name)
    if not raw:
        return default
    value = raw.strip().lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={raw!r} is not a boolean. Use 1 or 0.")


def integer(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """A whole number within the bounds, both included."""
    raw = os.environ.get(name)
    if not raw:
        return default
    try:
        value = int(raw)
    except ValueError:
        value = None
    if value is None or not minimum <= value <= maximum:
        raise ImproperlyConfigured(
            f"{name}={raw!r} is not a whole number from {minimum} to {maximum}."
        )
    return value


def choice(name: str, default: str, options: Iterable[str]) -> str:
    """One of `options`, exactly."""
    value = text(name, default)
    allowed = list(options)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r} is not one of: {', '.join(allowed)}.")
    return value


def words(name: str, default: Iterable[str]) -> list[str]:
    """A comma-separated list, blanks dropped."""
    raw = os.environ.get(name)
    if not raw:
        return list(default)
    return [word.strip() for word in raw.split(",") if word.strip()]


def folder(name: str, default: Path) -> Path:
    """A folder that exists afterwards and can be written; created with mode 0700."""
    path = Path(os.environ.get(name) or default).expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}={str(path)!r} cannot be created: {error.strerror}. "
            f"Set {name} to a folder that this user may write."
        ) from error
    if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(
            f"{name}={str(path)!r} is not writable by this user. "
            f"Set {name} to a folder that is, or change its owner."
        )
    return path
