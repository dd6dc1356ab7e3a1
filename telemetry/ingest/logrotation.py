"""Log files that are closed: their names, their compression, and how many are kept."""

import gzip
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from telemetry.conf import settings

_SUFFIX = ".jsonl"
_STAMP = "%Y%m%dT%H%M%S.%fZ"


def compress(name: str) -> None:
    """Compress the closed files of `name`, also those that a crash left; keep the newest ones."""
    folder: Path = settings.logs_dir
    for path in sorted(folder.glob(f"{name}-*{_SUFFIX}")):
        draft = path.with_suffix(".part")
        try:
            with path.open("rb") as source, gzip.open(draft, "wb", compresslevel=5) as out:
                shutil.copyfileobj(source, out)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        draft.chmod(0o600)
        # The name appears whole, and only then the original goes.
        draft.rename(path.with_name(f"{path.name}.gz"))
        path.unlink()
    for path in sorted(folder.glob(f"{name}-*{_SUFFIX}.gz"))[: -settings.LOG_FILES_KEEP]:
        path.unlink(missing_ok=True)


def closed_name(path: Path) -> Path:
    """The name of a file that is closed: to the microsecond, after all others whatever the clock
    says, since the first ones are removed first."""
    moment = datetime.now(UTC)
    for other in path.parent.glob(f"{path.stem}-*{_SUFFIX}*"):
        text = other.name.removeprefix(f"{path.stem}-").partition(_SUFFIX)[0]
        try:
            known = datetime.strptime(text, _STAMP).replace(tzinfo=UTC)
        except ValueError:
            continue
        moment = max(moment, known + timedelta(microseconds=1))
    return path.with_name(f"{path.stem}-{moment.strftime(_STAMP)}{_SUFFIX}")
