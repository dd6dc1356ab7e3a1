"""Watching SQL beside an application's own execute wrappers; what is cut is not shown."""

from typing import Any

import pytest
from django.db import connections

from telemetry.capture import sql, statements


@pytest.mark.django_db(databases=["default", "telemetry"])
def test_every_alias_but_the_store_is_watched() -> None:
    for alias in connections:
        connections[alias].ensure_connection()
        watched = sql.observe in connections[alias].execute_wrappers
        assert watched == (alias != "telemetry")


def test_a_connection_opened_under_anothers_wrapper_stays_watched() -> None:
    def wrapper(execute: Any, *args: Any) -> Any:
        return execute(*args)

    connection = connections.create_connection("default")
    with connection.execute_wrapper(wrapper):
        sql.on_connection_created(None, connection)
        sql.on_connection_created(None, connection)
    assert connection.execute_wrappers == [sql.observe]


def test_a_literal_that_is_cut_off_is_not_kept() -> None:
    text = "SELECT " + "a, " * 600 + "'" + "secret " * 100 + "'"
    assert "secret" not in statements.shape(text)
    assert statements.shape("SELECT 'it''s' AS a1, 2.5 WHERE x = 'y'") == (
        "SELECT ? AS a1, ? WHERE x = ?"
    )
