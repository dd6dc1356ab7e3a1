"""The self-test passes as it is, and finds each kind by each way when redaction is broken."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from telemetry import tasks
from telemetry.selftest import canaries, verdict
from telemetry.selftest.canaries import KINDS
from telemetry.selftest.pushes import PUSHES
from telemetry.selftest.search import Finding, contents, search

ROOT = Path(__file__).resolve().parents[3]
BROKEN = """
import sys
from pathlib import Path
import django
django.setup()
from telemetry.capture import redact, statements
redact.text = redact.path = redact.query_string = lambda value: value
redact.is_sensitive = lambda key: False
statements._LITERAL = __import__("re").compile("(?!)")
from telemetry.selftest.child import main
main(Path(sys.argv[1]), *sys.argv[2:])
"""
# They are never looked at, or only where they can be no secret.
NEVER_KEPT = {
    "body", "local variable", "Authorization header", "Cookie header", "Idempotency-Key header",
    "X-Api-Key header", "traceparent header", "tracestate header", "Referer header",
    "X-Forwarded-For header", "X-Request-ID header",
}  # fmt: skip


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {**os.environ, "FINTECH_DATA_DIR": str(tmp_path_factory.mktemp("live"))}


def test_the_command_finds_nothing_and_leaves_the_live_folder_alone(env: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "redaction_selftest", "--console"],
        env=env, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "none found" in done.stdout
    assert "LEAK" not in done.stdout
    assert all(path in done.stdout for path in PUSHES)
    left = {path.name for path in Path(env["FINTECH_DATA_DIR"]).rglob("*") if path.is_file()}
    assert left <= {"secret-key"}


@pytest.fixture(scope="module")
def broken() -> Sequence[Finding]:
    return verdict.run((sys.executable, "-c", BROKEN), console=True).findings


def test_each_kind_is_found_where_redaction_is_broken(broken: Sequence[Finding]) -> None:
    in_the_store = {found.kind for found in broken if found.file == "data/store.sqlite3"}
    assert in_the_store == set(KINDS)


def test_each_way_in_leads_somewhere_where_redaction_is_broken(broken: Sequence[Finding]) -> None:
    assert {found.path for found in broken} >= PUSHES.keys() - NEVER_KEPT


def test_each_place_is_searched(broken: Sequence[Finding]) -> None:
    files = {found.file for found in broken}
    wanted = (
        "console.txt", "boards.bin", "journal before/", "data/archive/", "data/logs/app",
        "data/logs/error", "data/store.sqlite3", "live store.sqlite3-wal", "tail ", "trace ",
        "page ", "export ",
    )  # fmt: skip
    assert [p for p in wanted if not any(name.startswith(p) for name in files)] == []


def test_what_is_never_kept_is_not_even_kept_then(broken: Sequence[Finding]) -> None:
    assert not {"body", "local variable"} & {found.path for found in broken}


@pytest.mark.parametrize("kind", KINDS)
def test_every_notation_is_found(kind: str) -> None:
    (canary,) = (one for one in canaries.make("seed", "body") if one.kind == kind)
    secret = canary.secret
    for written in (
        secret, json.dumps({"a": json.dumps(canary.text)}), secret.encode("utf-16-le"),
        f"x{secret}x", canary.text,
    ):  # fmt: skip
        data = written if isinstance(written, bytes) else written.encode()
        (found,) = search([("file", b"before " + data + b" after")], [canary])
        assert (found.file, found.path, found.kind) == ("file", "body", kind)
        assert 0 < found.offset < 7 + len(data)
    assert search([("file", b"harmless 4111 [card ****1111]")], [canary]) == []


def test_of_a_card_the_middle_digits_are_enough() -> None:
    canary = canaries.make("seed", "body")[0]
    number = canary.secret
    assert search([("f", f"**** {number[4:-4]} ****".encode())], [canary])
    assert search([("f", f"{number[:-4]}XXXX".encode()[:-4])], [canary])
    assert not search([("f", f"[card ****{number[-4:]}]".encode())], [canary])


def test_pictures_and_compressed_files_are_opened(tmp_path: Path) -> None:
    import gzip
    import zlib

    (tmp_path / "a.gz").write_bytes(gzip.compress(b"inside"))
    content = b"Comment\0\0" + zlib.compress(b"drawn")
    chunk = len(content).to_bytes(4, "big") + b"zTXt" + content + b"\0" * 4
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
    found = dict(contents(tmp_path))
    assert found["a.gz"] == b"inside"
    assert found["b.png (its texts)"] == b"drawn"


def test_a_failure_is_logged_as_an_error_and_fails_the_task(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    finding = Finding("data/store.sqlite3", 7, "SQL", "Visa", "base64")
    monkeypatch.setattr(verdict, "run", lambda: verdict.Verdict(1, 1, 1, [finding]))
    with pytest.raises(tasks.RedactionFailed, match=r"data/store\.sqlite3 at byte 7: SQL, Visa"):
        tasks.redaction_selftest()
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_where_nothing_is_captured_nothing_is_proven(env: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "redaction_selftest"],
        env={**env, "TELEMETRY_INGEST": "off"}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Nothing was captured" in done.stderr


def test_a_child_that_fails_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(verdict.CouldNotRun, match="out of luck"):
        verdict.run((sys.executable, "-c", "raise SystemExit('out of luck')"))
