"""What an application does with a secret by mistake, inside a request."""

import json
import logging
from types import SimpleNamespace
from typing import Any

from django.db import DatabaseError, connections

from telemetry.capture import context, metrics
from telemetry.selftest.canaries import Canary

ALIAS = "telemetry_selftest"
_log = logging.getLogger("telemetry.selftest")
counter = metrics.counter("telemetry_selftest_total", "Canaries as labels.", ["given"])


def fields(canary: Canary, name: str = "note") -> dict[str, Any]:
    """The canary in a text, and alone under the key that tells what it is."""
    return {name: canary.text, **({canary.key: canary.secret} if canary.key else {})}


def nested(canary: Canary) -> None:
    """Deep in structures."""
    _log.info("nested", extra={"deep": [{"deeper": (fields(canary), {"x": fields(canary)})}]})


def embedded_json(canary: Canary) -> None:
    """JSON inside JSON, and in a field."""
    inner = json.dumps(fields(canary))
    _log.info("received %s", json.dumps({"body": inner}), extra={"payload": inner})


def ascii_json(canary: Canary) -> None:
    """JSON as the message, not escaped."""
    _log.info(json.dumps(fields(canary), ensure_ascii=False))


def represented(canary: Canary) -> None:
    """Objects whose text holds it."""
    _log.info("got %s", fields(canary), extra={"given": SimpleNamespace(of=canary.text)})


def long(canary: Canary) -> None:
    """Across the place where a text is cut."""
    # Where a text is cut the canary may be cut in two.
    for limit in (200, 8_192):
        for before in (20, 34):
            lead = "x " * ((limit - before) // 2)
            _log.info(
                "%s%s", lead, canary.text + " y" * 400, extra={"note": lead + canary.text * 2}
            )


def logged_exception(canary: Canary) -> None:
    """An exception that is caught and logged."""
    try:
        fail(canary)
    except LookupError:
        _log.exception("it broke")


def fail(canary: Canary) -> None:
    """A chained exception with a note."""
    note = canary.text  # noqa: F841 - a local variable, which must not be looked at
    try:
        raise ValueError(canary.text)
    except ValueError as error:
        chained = LookupError(fields(canary))
        chained.add_note(canary.text)
        raise chained from error


def local(canary: Canary) -> None:
    """A local variable of a frame."""
    kept = canary.text
    try:
        raise ValueError("nothing of it in the message")
    except ValueError:
        _log.exception("with a local variable", stack_info=True)
    del kept


def sql(canary: Canary) -> None:
    """Literals, a parameter, and a statement that fails."""
    literal = canary.text.replace("'", "''")
    with connections[ALIAS].cursor() as cursor:
        for _ in range(12):
            cursor.execute(f"SELECT '{literal}' -- and %% a comment".replace("%%", "per cent"))
        cursor.execute("SELECT %s", [canary.text])
        try:
            cursor.execute(f"SELECT '{literal}' FROM \"no such {literal}\"")  # noqa: S608 - on purpose
        except DatabaseError:
            _log.exception("the statement failed")


def label(canary: Canary) -> None:
    """A label of a metric."""
    counter.inc(given=canary.text)


def bound(canary: Canary) -> None:
    """Fields bound to the request."""
    context.bind(**fields(canary), **{"transaction.id": canary.text})
    _log.info("with bound fields")
