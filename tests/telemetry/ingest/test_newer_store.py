"""A store that newer code has migrated: what this code has not heard of it would leave out."""

import pytest
from django.db import connections

from telemetry.conf import settings
from telemetry.ingest import schema
from telemetry.ingest.connection import StoreUnavailable
from telemetry.ingest.worker import Worker
from tests.telemetry.ingest.helpers import emit, log, rows

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])
HAD = "INSERT INTO django_migrations (app, name, applied) VALUES ('telemetry', ?, '2027-01-01')"


@pytest.mark.usefixtures("own_store", "data_dir")
def test_ingest_waits_until_it_is_of_the_same_version() -> None:
    worker = Worker()
    emit(log(1))
    worker.drain()
    # Migrated while the worker goes on, as in “migrate, then restart”.
    rows(HAD, "0999_later")
    rows("CREATE TABLE telemetry_later (id integer PRIMARY KEY)")
    emit(log(2))
    with pytest.raises(StoreUnavailable, match=r"newer version .0999_later. .* Restart it"):
        worker.step()
    assert rows("SELECT count(*) FROM telemetry_log") == [(1,)]
    rows("DELETE FROM django_migrations WHERE name = '0999_later'")
    worker.drain()
    assert rows("SELECT count(*) FROM telemetry_log") == [(2,)]


@pytest.mark.usefixtures("own_store")
def test_migrations_of_other_apps_are_not_asked_for() -> None:
    rows(HAD.replace("'telemetry'", "'shop'"), "0999_later")
    assert schema.unknown(connections[settings.DATABASE].connection) == []
