"""The signing key is made once, kept private, and never weak."""

import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from fintech import secret
from tests.site import ROOT

STRONG = "abcdefghij" * 6


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv("FINTECH_SECRET_KEY", raising=False)


def test_it_is_made_once_and_private(tmp_path):
    first = secret.key(tmp_path, debug=True)
    assert len(first) >= 50
    assert secret.key(tmp_path, debug=True) == first
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


def test_processes_that_start_together_agree(tmp_path):
    code = (
        "from pathlib import Path; from fintech import secret;"
        f"print(secret.key(Path({str(tmp_path)!r}), debug=True))"
    )
    several = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
        for _ in range(6)
    ]
    assert len({each.communicate()[0] for each in several}) == 1
    assert all(each.returncode == 0 for each in several)


def test_the_variable_wins(tmp_path, monkeypatch):
    monkeypatch.setenv("FINTECH_SECRET_KEY", STRONG)
    assert secret.key(tmp_path, debug=False) == STRONG
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("weak", ["short", "a" * 80])
def test_a_weak_key_is_refused(tmp_path, monkeypatch, weak):
    monkeypatch.setenv("FINTECH_SECRET_KEY", weak)
    with pytest.raises(ImproperlyConfigured, match="FINTECH_SECRET_KEY is weak") as caught:
        secret.key(tmp_path, debug=True)
    assert weak not in str(caught.value)


def test_production_needs_the_variable(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="FINTECH_SECRET_KEY is not set"):
        secret.key(tmp_path, debug=False)


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "secret-key").write_bytes(b"\xff\x00")
    with pytest.raises(ImproperlyConfigured, match=r"[Dd]elete it"):
        secret.key(tmp_path, debug=True)
