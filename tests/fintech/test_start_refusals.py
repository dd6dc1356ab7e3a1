"""What stops the start does so with one clear line, exit status 1 and no traceback."""

import socket

import pytest

from tests.site import environment, manage


def refused(done) -> str:
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_taken_port(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = refused(manage("start", env=environment(tmp_path, PORT=str(port))))
    assert f"Port {port} on 127.0.0.1 is taken" in line
    assert "PORT=" in line
    # Nothing was begun.
    assert not (tmp_path / "db.sqlite3").exists()


def test_an_unknown_host(tmp_path):
    line = refused(manage("start", env=environment(tmp_path, FINTECH_HOST="999.1.1.1")))
    assert "FINTECH_HOST='999.1.1.1'" in line


def test_an_unwritable_data_folder(tmp_path):
    (tmp_path / "file").touch()
    line = refused(manage("start", env=environment(tmp_path / "file" / "var")))
    assert "FINTECH_DATA_DIR=" in line
    assert "cannot be created" in line


def test_a_database_that_is_none(tmp_path):
    (tmp_path / "telemetry.sqlite3").write_bytes(b"this is not a database" * 100)
    line = refused(manage("start", env=environment(tmp_path, PORT="0" * 3 + "8765")))
    assert "Database 'telemetry'" in line
    assert "FINTECH_DATA_DIR" in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("FINTECH_DEBUG", "perhaps"),
        ("FINTECH_TLS", "2"),
        ("FINTECH_SECRET_KEY", "short"),
        ("FINTECH_ALLOWED_HOSTS", ","),
        ("TELEMETRY_INGEST", "sometimes"),
        ("LOG_LEVEL", "LOUD"),
        ("GATEWAY_PROFILE", "dreamy"),
        ("WEB_WORKERS", "0"),
        ("WEB_THREADS", "lots"),
    ],
)
def test_a_wrong_variable(tmp_path, name, value):
    line = refused(manage("start", env=environment(tmp_path, **{name: value})))
    assert line.startswith(f"Error: {name}")
