"""A timeline as text for a terminal, as JSON for programs, as Markdown for an incident's notes."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telemetry import display
from telemetry.queries.requests import Repeated
from telemetry.queries.timeline import Entry, Timeline
from telemetry.queries.units import Unit


@dataclass(frozen=True, slots=True)
class Subject:
    """What is told of: `kind` is trace or transaction."""

    kind: str
    id: str
    units: Sequence[Unit]
    timeline: Timeline


def one_line(text: str) -> str:
    """`text` on one line, control characters written out, at most 100 characters."""
    plain = display.escaped(text)
    return plain if len(plain) <= 100 else plain[:99] + "…"


def text(subject: Subject) -> str:
    """Lines for a terminal: facts of each unit, then every entry with its offset."""
    return "\n".join((*_heads(subject), "", *_lines(subject.timeline), *_cut(subject.timeline)))


def as_json(subject: Subject) -> str:
    """One JSON object: kind, id, units, entries; times ISO 8601, durations microseconds."""
    told = {
        "kind": subject.kind,
        "id": subject.id,
        "units": [dataclasses.asdict(unit) for unit in subject.units],
        "entries": [dataclasses.asdict(entry) for entry in subject.timeline.entries],
        "cut": list(subject.timeline.cut),
    }
    return json.dumps(told, default=_plain, indent=2, ensure_ascii=True)


def markdown(subject: Subject) -> str:
    """A heading and a table of facts for each unit, then the entries as a list."""
    lines = [f"# {subject.kind.capitalize()} `{subject.id}`", ""]
    for unit in subject.units:
        lines += [f"## {_md(unit.title)}", "", "| fact | value |", "|---|---|"]
        lines += [f"| {name} | {_md(display.cell(value))} |" for name, value in _facts(unit)] + [""]
    lines += ["## In order of time", ""]
    for entry in subject.timeline.entries:
        lines.append(f"- `{display.offset(entry.offset)}` **{_label(entry)}** {_md(_told(entry))}")
        if entry.text:
            lines += ["", *(f"      {line}" for line in _stack(entry.text)), ""]
    return "\n".join((*lines, *_cut(subject.timeline)))


FORMATS: Mapping[str, Callable[[Subject], str]] = {
    "text": text,
    "json": as_json,
    "markdown": markdown,
}


def _heads(subject: Subject) -> Iterator[str]:
    yield f"{subject.kind} {display.escaped(subject.id)}"
    for unit in subject.units:
        yield ""
        yield display.escaped(unit.title)
        width = 12
        for name, value in _facts(unit):
            yield f"  {name:<{width}} {display.escaped(value)}"


def _facts(unit: Unit) -> list[tuple[str, str]]:
    process = unit.process
    sql = f"{unit.db_count} in {display.duration(unit.db_time)}"
    facts: list[tuple[str, object]] = [
        ("began", display.exact(unit.at)),
        ("duration", "not ended" if unit.duration is None else display.duration(unit.duration)),
        ("queued", unit.queue_time is not None and display.duration(unit.queue_time)),
        ("status", unit.status),
        ("route", unit.route),
        ("error", unit.error_type),
        ("outcome", unit.outcome),
        ("user", unit.user_id),
        ("transaction", unit.transaction_id),
        ("trace", unit.trace_id),
        ("request", unit.request_id),
        ("sql", sql if unit.spans is not None else f"{sql} (statements not kept)"),
        ("N+1", unit.repeated and _repeated(unit.repeated)),
        ("detail", display.sampled(unit.weight)),
        ("process", process and f"{process.role} {process.pid} on {process.host}"),
        ("version", process and process.app_version),
    ]
    return [(name, str(value)) for name, value in facts if value not in (None, "", False)]


def _repeated(found: Repeated) -> str:
    place = f", first from {found.code}" if found.code else ""
    return f"{found.count} × {found.statement} in {display.duration(found.time)}{place}"


def _lines(timeline: Timeline) -> Iterator[str]:
    width = max((len(display.offset(entry.offset)) for entry in timeline.entries), default=0)
    for entry in timeline.entries:
        told = display.escaped(_told(entry))
        yield f"{display.offset(entry.offset):>{width}}  {_label(entry):<9} {told}"
        for line in _stack(entry.text):
            yield f"{'':{width}}    {display.escaped(line)}"


def _label(entry: Entry) -> str:
    if entry.kind == "log":
        return display.level_name(entry.level)
    return {"unit": entry.source, "sql": "SQL", "error": "exception"}.get(entry.kind, entry.kind)


def _told(entry: Entry) -> str:
    parts = [entry.title]
    if entry.kind == "log":
        parts.append(f"[{entry.source}]")
    if entry.kind in ("log", "metric") and entry.attributes:
        parts.append(
            " ".join(f"{name}={_value(value)}" for name, value in entry.attributes.items())
        )
    if sampled := display.sampled(entry.weight):
        parts.append(f"({sampled})")
    if entry.duration is not None:
        parts.append(f"({display.duration(entry.duration)})")
    return " ".join(parts)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _stack(stack: str) -> list[str]:
    return stack.split("\n") if stack else []


def _cut(timeline: Timeline) -> list[str]:
    return [f"(only the first {kind} are shown)" for kind in timeline.cut]


def _md(value: str) -> str:
    plain = display.escaped(value)
    for char in "\\`*_|<>[]":
        plain = plain.replace(char, f"\\{char}")
    return plain


def _plain(value: Any) -> Any:
    return display.exact(value) if isinstance(value, datetime) else str(value)
