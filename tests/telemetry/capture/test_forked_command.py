"""A command that goes on in a fork, as one that makes itself a daemon does."""

import os
import subprocess
import sys
from pathlib import Path

from tests.site import ROOT

PROGRAM = """
import logging, os, django
django.setup()
from django.core.management import call_command
from django.core.management.base import BaseCommand

class Daemon(BaseCommand):
    requires_system_checks = ()
    def handle(self, *args, **options):
        logging.getLogger("d").warning("before")
        if os.fork():
            os.wait()
            os._exit(0)
        logging.getLogger("d").warning("after")

Daemon.__module__ = "app.management.commands.daemonise"
call_command(Daemon())
print("the child went on to its end")
"""


def test_its_child_is_not_disturbed_and_writes_a_segment_of_its_own(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT, env={**os.environ, "FINTECH_DATA_DIR": str(tmp_path)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "the child went on to its end" in done.stdout, done.stderr
    assert "Traceback" not in done.stderr
    texts = [path.read_text() for path in (tmp_path / "journal").glob("*.seg")]
    assert sorted(('"before"' in text, '"after"' in text) for text in texts) == [
        (False, True),
        (True, False),
    ]
