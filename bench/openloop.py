"""Requests at a rate that does not wait for answers; latency counts from the scheduled moment.

A client that sends the next request when the last one is answered asks less of a slow server; this
one goes on. Each request has a connection of its own, as behind a proxy without keep-alive, so that
the workers share them evenly.
"""

import gc
import random
import re
import select
import socket
import time

MAX_OPEN = 900
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)")


def evenly(rate: float, seconds: float) -> list[float]:
    """Seconds from the start, equally far apart: a constant rate, as wrk2, vegeta and k6 have."""
    return [number / rate for number in range(int(rate * seconds))]


def at_random(rate: float, seconds: float, seed: int) -> list[float]:
    """Seconds from the start as independent users come (Poisson), `rate` on average."""
    chance = random.Random(seed)
    moments = []
    moment = chance.expovariate(rate)
    while moment < seconds:
        moments.append(moment)
        moment += chance.expovariate(rate)
    return moments


def latencies(port: int, request: bytes, moments: list[float]) -> list[float]:
    """Milliseconds of each request from its moment to the last byte of its answer.

    Raises SystemExit when an answer is not 200, or when too many wait at once.
    """
    run = _Run(port, request, moments)
    gc.disable()
    try:
        return run.go()
    finally:
        gc.enable()


class _Run:
    def __init__(self, port: int, request: bytes, moments: list[float]) -> None:
        self._address = ("127.0.0.1", port)
        self._request = request
        self._moments = moments
        self._took: list[float] = []
        # By connection: the moment of its request, and what came so far.
        self._waiting: dict[socket.socket, tuple[float, bytes]] = {}

    def go(self) -> list[float]:
        began = time.perf_counter()
        at = 0
        while at < len(self._moments) or self._waiting:
            now = time.perf_counter() - began
            while at < len(self._moments) and self._moments[at] <= now:
                self._send(self._moments[at])
                at += 1
            # select, not epoll: its time-out is in microseconds.
            pause = self._moments[at] - now if at < len(self._moments) else 5.0
            ready, _, _ = select.select(list(self._waiting), [], [], max(pause, 0))
            if not ready and at == len(self._moments):
                raise SystemExit(f"{len(self._waiting)} requests were not answered")
            for connection in ready:
                self._receive(connection, began)
        return self._took

    def _send(self, moment: float) -> None:
        if len(self._waiting) >= MAX_OPEN:
            raise SystemExit(f"{MAX_OPEN} requests wait for an answer: the rate is too high")
        # Not `create_connection`, which looks the address up: what this end costs, the other lacks.
        connection = socket.socket()
        connection.connect(self._address)
        connection.sendall(self._request)
        self._waiting[connection] = (moment, b"")

    def _receive(self, connection: socket.socket, began: float) -> None:
        moment, before = self._waiting[connection]
        part = connection.recv(65_536)
        answer = before + part
        if part and not _is_whole(answer):
            self._waiting[connection] = (moment, answer)
            return
        self._took.append((time.perf_counter() - began - moment) * 1_000)
        del self._waiting[connection]
        connection.close()
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise SystemExit(f"not 200: {answer[:200]!r}")


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(end and length and len(body) >= int(length[1]))
