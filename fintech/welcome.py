"""What the person at the terminal sees once the site answers."""

import time
import urllib.request
from collections.abc import Callable
from threading import Thread

from fintech import prepare
from fintech.health import PATH

_PATIENCE_SECONDS = 60.0


def when_ready(site: str, write: Callable[[str], None]) -> None:
    """Writes the welcome, from a thread of its own, when the site first answers."""

    def wait() -> None:
        write(text(site) if answers(site, _PATIENCE_SECONDS) else _late(site))

    Thread(target=wait, daemon=True).start()


def answers(site: str, patience: float) -> bool:
    """Whether the site reports itself well within `patience` seconds."""
    # An http_proxy variable must not send a local request abroad.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + patience
    while (left := deadline - time.monotonic()) > 0:
        try:
            with opener.open(f"{site}{PATH}", timeout=left) as response:
                if response.status == 200:
                    return True
        except (OSError, ValueError):
            pass
        time.sleep(0.1)
    return False


def text(site: str) -> str:
    """Where to go, how to log in, and how to see that it works."""
    lines = [
        "",
        f"Ready: {site}/",
        f"  Telemetry  {site}/admin/telemetry/",
        f"  Admin      {site}/admin/",
        f"  API docs   {site}/api/docs/",
        "Log in as the admin user; `make password` sets and prints a new password.",
    ]
    if command := prepare.example_payment(site):
        lines += [
            "",
            "Does it work? Make a payment, then look for its id under Telemetry:",
            f"  {command}",
        ]
    return "\n".join([*lines, "", "Ctrl-C stops everything.", ""])


def _late(site: str) -> str:
    return (
        f"{site} has not answered for {_PATIENCE_SECONDS:.0f} s. The lines of `web` above say why; "
        "Ctrl-C stops everything."
    )
