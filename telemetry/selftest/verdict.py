"""Runs the child, searches what it left, and says what was found."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings as django_settings

from telemetry.selftest import canaries
from telemetry.selftest.canaries import GROUPS
from telemetry.selftest.pushes import PUSHES
from telemetry.selftest.search import Finding, contents, search

CHILD = (sys.executable, "-m", "telemetry.selftest.child")
_SECONDS = 300
_CONSOLE = "console.txt"


class CouldNotRun(Exception):
    """The child ended before its end; the message has its last lines."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was pushed, how many files and bytes were searched, and what was found in them."""

    pushed: int
    files: int
    size: int
    findings: Sequence[Finding]


def run(child: Sequence[str] = CHILD, *, console: bool = False) -> Verdict:
    """Push, search, delete. `console`: what the project's own handlers print there counts too.

    Raises CouldNotRun.
    """
    seed = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="telemetry-selftest-") as name:
        folder = Path(name)
        _push(folder, [*child, name, seed, *(["console"] if console else [])])
        made = [canary for path in PUSHES for canary in canaries.make(seed, path)]
        found = list(contents(folder))
    size = sum(len(data) for _, data in found)
    return Verdict(len(made), len(found), size, search(found, made))


def _push(folder: Path, command: Sequence[str]) -> None:
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": django_settings.SETTINGS_MODULE,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "NO_COLOR": "1",
    }
    with (folder / _CONSOLE).open("wb") as console:
        try:
            done = subprocess.run(
                command, check=False, env=env, timeout=_SECONDS,
                stdout=console, stderr=subprocess.STDOUT,
            )  # fmt: skip
        except (subprocess.TimeoutExpired, OSError) as error:
            raise CouldNotRun(f"the process that pushes: {error}") from None
    if done.returncode:
        last = (folder / _CONSOLE).read_text(errors="replace").splitlines()[-5:]
        raise CouldNotRun("the process that pushes failed:\n" + "\n".join(last))


def table(verdict: Verdict) -> list[str]:
    """A row for each way in, a column for each group of kinds: ok, or how many were found."""
    group_of = {kind: group for kind, (group, _) in canaries.KINDS.items()}
    places = {(found.path, found.kind) for found in verdict.findings}
    leaks = Counter((path, group_of[kind]) for path, kind in places)
    width = max(map(len, PUSHES)) + 2
    lines = ["".join((f"{'':{width}}", *(f"{group:>10}" for group in GROUPS)))]
    for path in PUSHES:
        cells = (f"{leaks[path, group]} LEAK" if leaks[path, group] else "ok" for group in GROUPS)
        lines.append("".join((f"{path:{width}}", *(f"{cell:>10}" for cell in cells))))
    return lines


def places(verdict: Verdict, most: int = 40) -> list[str]:
    """One line for each thing found: file, byte, way in, kind, notation."""
    lines = [
        f"{found.file} at byte {found.offset}: {found.path}, {found.kind}"
        + (f" ({found.notation})" if found.notation else "")
        for found in verdict.findings[:most]
    ]
    more = len(verdict.findings) - most
    return [*lines, f"… and {more} more"] if more > 0 else lines
