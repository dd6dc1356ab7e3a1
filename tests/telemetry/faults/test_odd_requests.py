"""Requests whose bytes are odd are answered, and each has its row."""

import socket

from tests.telemetry.faults.server import serving
from tests.telemetry.faults.world import World

REQUESTS = {
    "bad utf-8 in the path": b"GET /emit/%ff%fe/ HTTP/1.1\r\nHost: a\r\n",
    "nul in the path": b"GET /emit/%00/ HTTP/1.1\r\nHost: a\r\n",
    "a surrogate in the path": b"GET /emit/%ed%a0%80/ HTTP/1.1\r\nHost: a\r\n",
    "bad utf-8 in the query": b"GET /healthz?a=%ff%fe&b=%00 HTTP/1.1\r\nHost: a\r\n",
    "a long query": b"GET /healthz?a=" + b"x" * 3_000 + b" HTTP/1.1\r\nHost: a\r\n",
    "latin-1 in headers": b"GET /healthz HTTP/1.1\r\nHost: a\r\nUser-Agent: \xe9\xff\r\n"
    b"X-Request-ID: \xff\xfe\r\ntraceparent: \xff\r\nbaggage: load.run_id=%ff\r\n",
    "a body length beyond any": b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
    b"Content-Length: 99999999999999999999\r\n",
    "ids that are none": b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Request-ID: "
    + b"i" * 4_000
    + b"\r\ntraceparent: 00-"
    + b"0" * 32
    + b"-"
    + b"0" * 16
    + b"-zz\r\n",
}


def ask(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request + b"Connection: close\r\n\r\n")
        answer = b""
        while part := connection.recv(65_536):
            answer += part
        return answer


def ids(head: bytes) -> list[str]:
    """The request's id as its answer says it."""
    lines = head.decode("latin-1").lower().split("\r\n")
    return [line.partition(": ")[2] for line in lines if line.startswith("x-request-id")]


def test_each_is_answered_and_has_a_row(world: World) -> None:
    answered: dict[str, list[str]] = {}
    with serving(world, "--workers=1") as server:
        for name, request in REQUESTS.items():
            head, _, _ = ask(server.port, request).partition(b"\r\n\r\n")
            assert int(head.split(b" ")[1]) in (200, 400, 404), f"{name}: {head!r}"
            answered[name] = ids(head)
    assert world.settle().problems == []
    stored = {bytes(uid).hex() for (uid,) in world.rows("SELECT uid FROM telemetry_request")}
    assert [name for name, found in answered.items() if not stored & set(found)] == []
