"""A unit's canonical record → its row: columns, numbers in place of texts, compact details."""

from typing import Any

import msgspec

from telemetry.ingest.names import NULL, Names
from telemetry.journal import events

COLUMNS = (
    *("id", "uid", "caller_trace_id", "caller_span_id", "caller_request_id", "process_id", "kind"),
    *("is_self", "method", "route_id", "path", "status", "duration", "level", "outcome"),
    *("transaction_id", "load_run_id", "user_id", "error_type_id", "db_count", "db_time"),
    *("log_count", "client_address", "user_agent_id", "request_size", "response_size", "weight"),
    *("overhead", "queue_time", "repeated", "attributes", "metrics", "spans"),
)
_NO_CALLER = (NULL, NULL, NULL)
# To JSON bytes.
encode = msgspec.json.Encoder().encode


def row(
    event: events.UnitDone, process: int, key: int, names: Names, samples: list[float]
) -> tuple[Any, ...]:
    """The values of COLUMNS; `samples` are series and value in turn."""
    numbers = names.numbers
    # A copy: the log files get the event as it came.
    attributes = dict(event.attributes)
    outcome: str | float = NULL
    transaction: str | float = NULL
    load_run: str | float = NULL
    if attributes:
        if "client.address" in attributes:
            event = _with_facts(event, attributes)
        outcome = _take(attributes, "payment.outcome")
        transaction = _take(attributes, "transaction.id")
        load_run = _take(attributes, "load.run_id")
    agent = _agent(event.user_agent, names, attributes)
    return (
        key,
        bytearray.fromhex(event.uid),
        *(_callers(event) if event.caller_trace_id or event.caller_request_id else _NO_CALLER),
        process,
        event.kind,
        # An int: for a bool, too, the driver would look for an adapter.
        +event.is_self,
        NULL if event.method is None else event.method,
        numbers[event.route],
        NULL if event.path is None else event.path,
        NULL if event.status is None else event.status,
        NULL if event.duration is None else event.duration,
        event.level,
        outcome,
        transaction,
        load_run,
        NULL if event.user_id is None else event.user_id,
        numbers[event.error_type],
        event.db_count,
        event.db_time,
        event.log_count,
        NULL if event.client_address is None else event.client_address,
        agent,
        NULL if event.request_size is None else event.request_size,
        NULL if event.response_size is None else event.response_size,
        NULL if event.weight is None else event.weight,
        NULL if event.overhead is None else event.overhead,
        NULL if event.queue_time is None else event.queue_time,
        NULL if event.repeated is None else as_json(_repeated(names, event.repeated)),
        as_json(attributes),
        as_json(samples),
        NULL if event.spans is None else encode(_spans(names, event.spans)).decode(),
    )


def blob(digits: str | None) -> bytearray | float:
    """The bytes of an id."""
    return NULL if digits is None else bytearray.fromhex(digits)


def as_json(value: Any) -> str | float:
    """JSON text; NULL for what is empty."""
    return encode(value).decode() if value else NULL


def _callers(event: events.UnitDone) -> tuple[Any, ...]:
    request_id = event.caller_request_id
    ids = blob(event.caller_trace_id), blob(event.caller_span_id)
    return (*ids, NULL if request_id is None else request_id)


def _agent(agent: str | None, names: Names, attributes: dict[str, Any]) -> float:
    if agent is None:
        return NULL
    number = names.shared(agent)
    if number is None:
        attributes["user_agent.original"] = agent
        return NULL
    return number


def _take(attributes: dict[str, Any], name: str) -> str | float:
    """The column's value; a text goes out of the attributes, which would only repeat it."""
    value = attributes.get(name)
    if type(value) is str:
        del attributes[name]
        return value
    return NULL if value is None else str(value)


def _with_facts(event: events.UnitDone, attributes: dict[str, Any]) -> events.UnitDone:
    """The event of a writer that has these among the attributes, out of which they are taken."""
    given = {
        "client_address": _typed(attributes, "client.address", str),
        "request_size": _typed(attributes, "http.request.body.size", int),
        "response_size": _typed(attributes, "http.response.body.size", int),
        "user_agent": _typed(attributes, "user_agent.original", str),
    }
    missing = {name: value for name, value in given.items() if getattr(event, name) is None}
    return msgspec.structs.replace(event, **missing)


def _typed(attributes: dict[str, Any], name: str, kind: type) -> Any:
    return attributes.pop(name) if type(attributes.get(name)) is kind else None


def _repeated(names: Names, found: events.Repeated) -> list[Any]:
    code = None if found.code is None else names.numbers[found.code]
    return [_shape(names, found.statement), found.count, found.time, code]


def _spans(names: Names, spans: list[events.Span]) -> list[Any]:
    return [
        (offset, duration, names.numbers[alias], _shape(names, statement))
        for offset, duration, alias, statement in spans
    ]


def _shape(names: Names, statement: str) -> float | str:
    """A statement's number; itself where the store has too many names."""
    number = names.shared(statement)
    return statement if number is None else number
