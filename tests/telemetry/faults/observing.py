"""Observations of several threads, in requests and outside, that follow from who makes them."""

import contextvars
import logging
import random
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

import telemetry
from telemetry.middleware import TelemetryMiddleware

# Visitors are more than a metric may have series, shops are not.
VISITORS = 40
SHOPS = 3
_OUTSIDE = 5
log = logging.getLogger("observing")


class Observation(NamedTuple):
    """A visit by somebody (a counter) and a sale in a shop (a counter and a histogram)."""

    visitor: str
    shop: str
    amount: float


def observations(name: str, thread: int, number: int) -> list[Observation]:
    """What a thread observes in its `number`-th request and right after it."""
    chance = random.Random(f"{name} {thread} {number}")
    # Each fourth time more than a request's record holds.
    count = chance.randrange(200, 400) if number % 4 == 0 else chance.randrange(10, 30)
    return [
        Observation(
            f"v{chance.randrange(VISITORS)}",
            f"s{chance.randrange(SHOPS)}",
            # Floats add such up without rounding, in any order.
            chance.randrange(1_000_000) / 64,
        )
        for _ in range(count)
    ]


def all_of(names: Iterable[str], threads: int, requests: int) -> Iterator[Observation]:
    """Everything that processes of these names observe."""
    for name in names:
        for thread in range(threads):
            for number in range(requests):
                yield from observations(name, thread, number)


def observe(folder: Path, name: str, threads: int, requests: int, pause: float = 0.0) -> None:
    """Make the observations, and end."""
    log.setLevel(logging.DEBUG)
    made = [
        threading.Thread(target=_work, args=(name, thread, requests, pause))
        for thread in range(threads)
    ]
    for each in made:
        each.start()
    for each in made:
        each.join()


def _work(name: str, thread: int, requests: int, pause: float) -> None:
    for number in range(requests):
        planned = observations(name, thread, number)
        inside, outside = planned[:-_OUTSIDE], planned[-_OUTSIDE:]
        TelemetryMiddleware(_view(inside))(RequestFactory().get("/"))
        _make(outside)
        time.sleep(pause)


def _view(planned: list[Observation]) -> object:
    def view(request: HttpRequest) -> HttpResponse:
        # Shed with the request's other detail; the observations beside it are not.
        log.debug("looking around")
        half = len(planned) // 2
        helper = threading.Thread(
            target=contextvars.copy_context().run, args=(_make, planned[:half])
        )
        helper.start()
        _make(planned[half:])
        helper.join()
        return HttpResponse()

    return view


def _make(planned: list[Observation]) -> None:
    visits = telemetry.counter("visits_total", "Visits.", labels=["visitor"])
    sales = telemetry.counter("sales_total", "Amounts sold.", labels=["shop"])
    basket = telemetry.histogram("basket_amount", "Amounts.", labels=["shop"])
    for one in planned:
        visits.inc(visitor=one.visitor)
        sales.inc(one.amount, shop=one.shop)
        basket.observe(one.amount, shop=one.shop)
