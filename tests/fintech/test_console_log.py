"""The console's log lines."""

import logging

import pytest

from fintech.logs import ConsoleFormatter


def line(message: str = "Declined", level: int = logging.INFO, **extra: object) -> str:
    record = logging.getLogger("shop.till").makeRecord(
        "shop.till", level, __file__, 1, message, (), None, extra=extra
    )
    record.created = 1_700_000_000.25
    return ConsoleFormatter().format(record)


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")


def test_time_level_logger_message_and_fields():
    assert line(code="no_funds", n=2) == (
        "22:13:20.250 INFO    shop.till Declined  code=no_funds n=2"
    )


def test_a_field_cannot_forge_a_second_line():
    assert "\n" not in line(name_given="a\n22:13:20 ERROR forged")


def test_colour_only_when_asked(monkeypatch):
    assert "\x1b" not in line(level=logging.ERROR)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[31mERROR" in line(level=logging.ERROR)


def test_the_stack_follows():
    try:
        raise ValueError("bad")
    except ValueError as error:
        record = logging.makeLogRecord(
            {"msg": "Failed", "exc_info": (type(error), error, error.__traceback__)}
        )
    assert ConsoleFormatter().format(record).endswith("ValueError: bad")


@pytest.mark.parametrize(
    "message",
    [
        "paid with 4111 1111 1111 1111",
        '"GET /open/?password=hush-4111 HTTP/1.1" 200 12',
        '"GET /open/login%20password%3Dhush-4111 HTTP/1.1" 200 12',
        "Not Found: /reset/MQ/hush-4111-0123456789abcdef/",
    ],
)
def test_lines_are_redacted(message):
    shown = line(message, note=message, password="hush-4111")
    assert "4111 " not in shown
    assert "hush" not in shown


def test_a_message_cannot_forge_a_record():
    assert "\n" not in line("a\n22:13:20 ERROR forged\u2028\u202e\x1b[2J")
    assert line("a\u202eb").isprintable()


def test_access_lines_of_runserver_go_through_it():
    from django.conf import settings

    assert settings.LOGGING["loggers"]["django.server"]["handlers"] == ["console"]
