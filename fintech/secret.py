"""The signing key: FINTECH_SECRET_KEY, or in development a file made once in the data folder."""

import contextlib
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_MIN_LENGTH = 50


def key(data_dir: Path, *, debug: bool) -> str:
    """The key that signs sessions; ImproperlyConfigured when it is missing, short or unreadable.

    Never a constant in the code: a key that everybody knows signs sessions for everybody.
    """
    value = os.environ.get("FINTECH_SECRET_KEY", "").strip()
    if not value and not debug:
        raise ImproperlyConfigured(
            f"FINTECH_SECRET_KEY is not set. With FINTECH_DEBUG=0 give it {_MIN_LENGTH} random "
            "characters or more, such as those printed by: "
            "python -c 'import secrets; print(secrets.token_urlsafe(64))'"
        )
    if value and not _strong(value):
        raise ImproperlyConfigured(
            f"FINTECH_SECRET_KEY is weak: give it {_MIN_LENGTH} random characters or more."
        )
    return value or _from_file(data_dir / "secret-key")


def _strong(value: str) -> bool:
    return len(value) >= _MIN_LENGTH and len(set(value)) >= 10


def _from_file(path: Path) -> str:
    try:
        if not path.exists():
            _create(path)
        value = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(
            f"The secret key file {path} cannot be read: {error}. Make it readable by this user, "
            "or delete it to get a new key (which signs everybody out)."
        ) from None
    if not _strong(value):
        raise ImproperlyConfigured(
            f"The secret key file {path} is damaged. Delete it to get a new key "
            "(which signs everybody out)."
        )
    return value


def _create(path: Path) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
            file.flush()
            os.fsync(file.fileno())
        # Several processes start at once: the one whose link(2) comes first decides.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
