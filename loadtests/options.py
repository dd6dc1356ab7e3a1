"""Command-line options beside locust's own, and where files are by default."""

import os
import re
from argparse import ArgumentTypeError
from pathlib import Path

from locust import events
from locust.argument_parser import LocustArgumentParser

ROOT = Path(__file__).resolve().parent.parent
# As long as a server keeps of it; nothing that needs quoting in a URL, a header or a file name.
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


def install() -> None:
    """Adds the options to locust's parser."""
    events.init_command_line_parser.add_listener(add)


def add(parser: LocustArgumentParser, **kwargs: object) -> None:
    """Defines the options; `--help` lists them."""
    parser.add_argument(
        "--demo-users",
        metavar="FILE",
        default=str(data_dir() / "demo-users.json"),
        help="users to act as, as `manage.py seed_demo` writes them (default: %(default)s)",
        include_in_web_ui=False,
    )
    parser.add_argument(
        "--results",
        metavar="DIR",
        default=os.environ.get("LOAD_RESULTS_DIR", "").strip() or str(ROOT / "loadtests/results"),
        help="folder for the result of each run (default: %(default)s)",
        include_in_web_ui=False,
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=None,
        help="makes amounts, currencies, types and pauses repeatable (default: another each run)",
    )
    parser.add_argument(
        "--think-time",
        type=factor,
        default=1.0,
        metavar="FACTOR",
        help="pauses between a user's steps: 1 as people are, 0 none at all (default: 1)",
    )
    parser.add_argument(
        "--request-timeout",
        type=seconds,
        default=20.0,
        metavar="SECONDS",
        help="how long to wait for an answer (default: 20)",
    )
    parser.add_argument(
        "--run-id",
        type=run_id,
        default="",
        metavar="ID",
        help="name of the run, in each request and its result (default: from the time)",
        include_in_web_ui=False,
    )
    parser.add_argument(
        "--gateway-profile",
        default=os.environ.get("GATEWAY_PROFILE", ""),
        metavar="NAME",
        help="noted in the result: which profile the server runs with (default: $GATEWAY_PROFILE)",
        include_in_web_ui=False,
    )


def data_dir() -> Path:
    """The site's data folder: FINTECH_DATA_DIR, or `var` in the checkout."""
    given = os.environ.get("FINTECH_DATA_DIR", "").strip()
    return Path(given).expanduser().absolute() if given else ROOT / "var"


def default_host() -> str:
    """Where `make run` serves; locust's `--host` names another place."""
    return f"http://127.0.0.1:{os.environ.get('PORT', '').strip() or '8000'}"


def run_id(text: str) -> str:
    """A run's name; empty for one from the time."""
    if text and not _RUN_ID.fullmatch(text):
        raise ArgumentTypeError(
            f"{text!r} is no name of a run. Use up to 60 letters, digits, dots, dashes."
        )
    return text


def factor(text: str) -> float:
    """A number from 0 to 1000."""
    return _number(text, 0.0, 1000.0)


def seconds(text: str) -> float:
    """A duration from 10 ms to an hour."""
    return _number(text, 0.01, 3600.0)


def _number(text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not least <= value <= most:
        raise ArgumentTypeError(f"{text!r} is not a number from {least:g} to {most:g}.")
    return value
