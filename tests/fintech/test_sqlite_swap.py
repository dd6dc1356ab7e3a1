"""pysqlite3 replaces the standard library's SQLite where that has the WAL-reset bug."""

import subprocess
import sys

import pytest

from fintech import sqlite
from tests.site import ROOT


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 4), False),
    ],
)
def test_affected_versions(version, affected):
    assert sqlite.is_affected(version) is affected


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_django_uses_the_replacement_where_it_helps():
    pytest.importorskip("pysqlite3")
    stock = eval(run("import sqlite3; print(sqlite3.sqlite_version_info)"))
    used = run(
        "import fintech; from django.db.backends.sqlite3.base import Database;"
        "print(Database.__name__.split('.')[0], Database.sqlite_version_info)"
    )
    name = "pysqlite3" if sqlite.is_affected(stock) else "sqlite3"
    assert used.startswith(name)
    assert not sqlite.is_affected(eval(used.removeprefix(name)))


def test_a_sound_library_is_left_alone():
    code = (
        "import sqlite3; sqlite3.sqlite_version_info = (3, 51, 3);"
        "import fintech, sys; print(sys.modules['sqlite3'].__name__)"
    )
    assert run(code) == "sqlite3"


def test_without_the_replacement_the_standard_library_stays():
    code = (
        "import sys; sys.modules['pysqlite3'] = None;"
        "import sqlite3; sqlite3.sqlite_version_info = (3, 40, 1);"
        "import fintech; print(sys.modules['sqlite3'].__name__)"
    )
    assert run(code) == "sqlite3"


def test_connections_tell_their_limits_as_django_6_1_asks():
    module = pytest.importorskip("pysqlite3")
    sqlite.add_limits(module)
    with module.connect(":memory:") as connection:
        variables = connection.getlimit(module.SQLITE_LIMIT_VARIABLE_NUMBER)
        columns = connection.getlimit(module.SQLITE_LIMIT_COLUMN)
        marks = ",".join("?" * variables)
        row = connection.execute(f"SELECT 1 WHERE 1 IN ({marks})", [1] * variables).fetchone()
        assert row == (1,)
        with pytest.raises(module.OperationalError, match="too many SQL variables"):
            connection.execute(f"SELECT 1 WHERE 1 IN ({marks},?)", [1] * (variables + 1))
        names = ",".join(f"c{number}" for number in range(columns))
        connection.execute(f"CREATE TABLE widest ({names})")
        with pytest.raises(module.OperationalError, match="too many columns"):
            connection.execute(f"CREATE TABLE wider ({names}, d)")
    connection.close()
