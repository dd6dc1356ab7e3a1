"""The signing key: from FINTECH_SECRET_KEY, else (development only) a file made once in the data folder."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def key(data_dir: Path, *, debug: bool) -> str:
    """Never a constant in the code: a key that everybody knows signs sessions for everybody."""
    value = os.environ.get("FINTECH_SECRET_KEY", "")
    if value:
        if len(value) < 50:
            raise ImproperlyConfigured("FINTECH_SECRET_KEY is shorter than 50 characters.")
        return value
    if not debug:
        raise ImproperlyConfigured(
            "FINTECH_SECRET_KEY is not set. With FINTECH_DEBUG=0 give it 50 random characters or more."
        )
    return _from_file(data_dir / "secret-key")


def _from_file(path: Path) -> str:
    # Several processes start at once: the one whose link(2) comes first decides.
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
