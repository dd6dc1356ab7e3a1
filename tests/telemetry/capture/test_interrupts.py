"""Ctrl-C reaches the program, whatever instruction of capture it comes at."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse

import telemetry
from telemetry.capture import context
from tests.telemetry.interrupts import outcome

pytestmark = pytest.mark.django_db
FOLDER = str(Path(telemetry.__file__).parent)
# Prime, so that no loop of the code is met at the same place each time.
STRIDE = 11


def assert_never_lost(act: Callable[[], Any], at_least: int) -> None:
    act()
    for after in range(0, 100_000, STRIDE):
        found = outcome(act, FOLDER, after)
        context.current.set(None)
        assert found != "lost", f"instruction {after}"
        if found == "never":
            assert after > at_least
            return


class Listening(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        pass


@pytest.mark.parametrize("path", ["/hello/", "/talk/", "/ask/", "/crash/"])
def test_of_a_request(visit: Callable[..., HttpResponse], path: str) -> None:
    assert_never_lost(lambda: visit(path), 500)


@pytest.mark.parametrize("is_heard", [True, False], ids=["heard by handlers", "unheard"])
def test_of_a_log_record(unheard: logging.Logger, is_heard: bool) -> None:
    if is_heard:
        unheard.addHandler(Listening())
    assert_never_lost(lambda: unheard.info("for %s", "you", extra={"amount": 5}), 100)
