"""Readers for environment variables: a value is right or the start stops with one clear line."""

import os
from collections.abc import Iterable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def text(name: str, default: str) -> str:
    """The variable's value without surrounding blanks, or `default` when unset or empty."""
    return os.environ.get(name, "").strip() or default


def boolean(name: str, default: bool) -> bool:
    """1/true/yes/on or 0/false/no/off, in any case; anything else is an error."""
    value = text(name, "").lower()
    if not value:
        return default
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is not a boolean. Use 1 or 0.")


def integer(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """A whole number within the bounds, both included."""
    raw = text(name, "")
    if not raw:
        return default
    digits = raw.removeprefix("-")
    # int() also takes "1_000" and other scripts' digits, which nobody means here.
    value = int(raw) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None
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


def secret(name: str, *, minimum: int) -> str | None:
    """At least so many visible ASCII characters, never shown; None when unset or empty."""
    value = text(name, "")
    if not value:
        return None
    if len(value) < minimum or not all("!" <= character <= "~" for character in value):
        raise ImproperlyConfigured(
            f"{name} is no secret. Give it {minimum} or more visible ASCII characters, such as "
            "those printed by: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return value


def words(name: str, default: Iterable[str]) -> list[str]:
    """A comma-separated list, blanks dropped; `default` when the variable is unset or empty."""
    raw = text(name, "")
    if not raw:
        return list(default)
    return [word.strip() for word in raw.split(",") if word.strip()]


LOG_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


def levels(name: str) -> dict[str, str]:
    """Logger names with their levels: `transactions=DEBUG,django.db=WARNING`."""
    found = {}
    for entry in words(name, []):
        logger, equals, level = entry.partition("=")
        if not equals or not logger.strip() or level.strip() not in LOG_LEVELS:
            raise ImproperlyConfigured(
                f"{name}: {entry!r} is not LOGGER=LEVEL with one of {', '.join(LOG_LEVELS)}."
            )
        found[logger.strip()] = level.strip()
    return found


def folder(name: str, default: Path) -> Path:
    """A folder that exists afterwards and can be written; created with mode 0700."""
    raw = text(name, str(default))
    remedy = f"Set {name} to a folder that this user may write."
    try:
        path = Path(raw).expanduser().absolute()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise ImproperlyConfigured(f"{name}={raw!r} is a file, not a folder. {remedy}") from None
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImproperlyConfigured(
            f"{name}={raw!r} cannot be created: {reason}. {remedy}"
        ) from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"{name}={raw!r} is not writable by this user. {remedy}")
    return path
