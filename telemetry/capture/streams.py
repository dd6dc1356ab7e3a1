"""Streamed responses: their parts are made after the middleware has returned.

The unit of work is current while each part is made, so that what the generator logs and asks of the
database belongs to its request; its duration ends with the last byte.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from django.http import FileResponse
from django.http.response import HttpResponseBase

from telemetry.capture import context, errors
from telemetry.capture.context import Unit

DISCONNECTED = "client.disconnected"


def observe(unit: Unit, response: HttpResponseBase, finish: Callable[[], None]) -> None:
    """Call `finish` when the streamed response is closed, and watch its parts until then."""
    content: Any = response
    # A file may be sent by the server itself; wrapping its iterator would take that away.
    if not isinstance(response, FileResponse):
        unit.is_unfinished = True
        if content.is_async:
            content.streaming_content = _parts_async(unit, content.streaming_content)
        else:
            content.streaming_content = _parts(unit, content.streaming_content)
    # Closed by the server after the last byte, or when the client has gone.
    content._resource_closers.append(lambda: _closed(unit, finish))


def _closed(unit: Unit, finish: Callable[[], None]) -> None:
    if unit.is_unfinished:
        unit.bind({DISCONNECTED: True})
    finish()


def _parts(unit: Unit, source: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    while True:
        token = context.current.set(unit)
        try:
            part = next(source)
        except StopIteration:
            break
        except Exception as error:
            _failed(unit, error)
            raise
        finally:
            context.current.reset(token)
        size += len(part)
        unit.response_size = size
        yield part
    unit.is_unfinished = False


async def _parts_async(unit: Unit, source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    while True:
        token = context.current.set(unit)
        try:
            part = await anext(source)
        except StopAsyncIteration:
            break
        except Exception as error:
            _failed(unit, error)
            raise
        finally:
            context.current.reset(token)
        size += len(part)
        unit.response_size = size
        yield part
    unit.is_unfinished = False


def _failed(unit: Unit, error: Exception) -> None:
    unit.is_unfinished = False
    unit.error_type = errors.type_name(error)
    errors.record(unit, error, handled=False)
