"""docs/settings.md says what the code does: keys, defaults and environment variables."""

import ast
import re
from pathlib import Path

from telemetry.conf import DEFAULTS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "settings.md").read_text()


def rows(heading: str) -> dict[str, str]:
    """First column → second column of the table below a heading."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", section, re.MULTILINE))


def test_every_telemetry_setting_is_listed_with_its_default() -> None:
    documented = {key: ast.literal_eval(text.strip("`")) for key, text in rows("TELEMETRY").items()}
    assert documented == DEFAULTS


def test_every_environment_variable_that_settings_read_is_listed() -> None:
    sources = [*(ROOT / "fintech").rglob("*.py")]
    reads = re.compile(
        r"env\.(?:text|boolean|integer|choice|words|levels|folder)\(\s*\"([A-Z_]+)\""
        r"|environ(?:\.get\(|\[)\"([A-Z_]+)\""
    )
    read = {a or b for path in sources for a, b in reads.findall(path.read_text())}
    # WEB_BIND is how `start` tells gunicorn; the others are not this project's.
    internal = {"WEB_BIND", "DJANGO_SETTINGS_MODULE", "NO_COLOR", "FORCE_COLOR", "TERM"}
    assert read - internal - rows("Environment").keys() == set()
    assert len(read) > 8
