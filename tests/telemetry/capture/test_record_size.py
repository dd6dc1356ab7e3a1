"""A record is never longer than its limit, and its canonical row is never the price."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from telemetry.capture import encoding
from telemetry.journal import events
from tests.telemetry.ingest.helpers import log, unit

LIMIT = 65_472


def decoded(event: events.Event, limit: int = LIMIT) -> list[events.Event]:
    payloads = encoding.encode(event, limit)
    assert all(len(payload) <= limit for payload in payloads)
    return [events.decode(payload) for payload in payloads]


def test_what_fits_is_one_unchanged_record() -> None:
    event = unit(1, attributes={"a": [1, "x" * 3_000]}, spans=[(1, 2, "default", "SELECT ?")])
    assert decoded(event) == [event]


def test_a_failed_request_with_many_long_statements_keeps_its_record_and_first_spans() -> None:
    spans = [(number, 5, "default", f"SELECT {'column, ' * 240}") for number in range(500)]
    (found,) = decoded(unit(1, db_count=500, spans=spans, metrics=[("c", "a_total", {}, 1.0)]))
    assert isinstance(found, events.UnitDone)
    assert found.db_count == 500
    assert found.spans is not None
    assert [span[0] for span in found.spans] == list(range(len(found.spans)))
    assert len(found.spans) > 50
    assert found.metrics == [("c", "a_total", {}, 1.0)]


def test_samples_that_do_not_fit_become_records_of_their_own() -> None:
    samples: list[events.Sample] = [
        ("c", "a_total", dict.fromkeys("abcde", f"{number:0200d}"), 1.0) for number in range(256)
    ]
    *others, last = decoded(unit(1, metrics=samples))
    assert isinstance(last, events.UnitDone)
    assert last.metrics == []
    kept = [sample for made in others if isinstance(made, events.SamplesMade)
            for sample in made.samples]  # fmt: skip
    assert kept == samples
    assert {made.uid for made in others if isinstance(made, events.SamplesMade)} == {last.uid}


@pytest.mark.parametrize("text", ["x" * 100_000, "\0" * 16_000, "é" * 60_000, "\ud800" * 16_000])
def test_long_texts_are_cut_and_say_so(text: str) -> None:
    (found,) = decoded(log(1, message=text))
    assert isinstance(found, events.LogMade)
    assert "[cut: " in found.message


def test_what_cannot_be_made_to_fit_is_none() -> None:
    assert encoding.encode(log(1, attributes={str(n): n for n in range(20_000)}), LIMIT) == []


texts = some.text(max_size=3_000)


@given(
    some.dictionaries(texts, some.lists(texts, max_size=40), max_size=40),
    some.lists(some.tuples(some.integers(0, 9), some.integers(0, 9), texts, texts), max_size=60),
    some.integers(4_096, 65_536),
)
def test_a_request_always_has_its_record(
    attributes: dict[str, list[str]], spans: list[tuple[int, int, str, str]], limit: int
) -> None:
    found = decoded(unit(1, attributes=attributes, spans=spans), limit)
    assert [type(event) for event in found] == [events.UnitDone]
