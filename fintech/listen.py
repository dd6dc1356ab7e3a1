"""The listening socket, opened by the supervisor so that it outlives the web process."""

import errno
import socket

BACKLOG = 2048


class ListenError(Exception):
    """The address cannot be used; the message is for the person who started the program."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on the address; ListenError when it is taken, forbidden or unknown."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(
            f"FINTECH_HOST={host!r} is not an address of this machine: {error.strerror}."
        ) from None
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(_explain(error, host, port)) from None
    return listener


def url(host: str, port: int) -> str:
    """The site's address for a browser on this machine, without a final slash."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken. Stop the program that uses it, "
            f"or choose another port: PORT={port + 1 if port < 65535 else 8000} make run"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} may not be opened by this user. Choose one above 1023 with PORT."
    return f"Cannot listen on {host} port {port}: {error.strerror}. Set FINTECH_HOST and PORT."
