"""Environment variables: a right value, or an error that names the variable and the remedy."""

import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from fintech import env


@pytest.mark.parametrize(
    ("raw", "value"), [("1", True), ("YES", True), ("off", False), (" 0 ", False)]
)
def test_boolean_takes_the_usual_words(monkeypatch, raw, value):
    monkeypatch.setenv("X", raw)
    assert env.boolean("X", not value) is value


def test_empty_means_default(monkeypatch):
    monkeypatch.setenv("X", "  ")
    assert env.boolean("X", True) is True
    assert env.integer("X", 7, minimum=0, maximum=9) == 7
    assert env.choice("X", "a", ["a", "b"]) == "a"
    assert env.words("X", ["a"]) == ["a"]


@pytest.mark.parametrize("raw", ["maybe", "2", "tru"])
def test_boolean_refuses_other_words(monkeypatch, raw):
    monkeypatch.setenv("X", raw)
    with pytest.raises(ImproperlyConfigured, match=f"^X='{raw}' is not a boolean. Use 1 or 0"):
        env.boolean("X", False)


@pytest.mark.parametrize("raw", ["x", "0", "65536", "-1", "1.5", "1_000", "٣", "9" * 5000])
def test_integer_refuses_what_is_no_port(monkeypatch, raw):
    monkeypatch.setenv("PORT", raw)
    with pytest.raises(
        ImproperlyConfigured, match=r"PORT=.* is not a whole number from 1 to 65535"
    ):
        env.integer("PORT", 8000, minimum=1, maximum=65535)


def test_integer_bounds_are_included(monkeypatch):
    for raw in ("1", "65535"):
        monkeypatch.setenv("PORT", raw)
        assert env.integer("PORT", 8000, minimum=1, maximum=65535) == int(raw)


def test_choice_names_the_options(monkeypatch):
    monkeypatch.setenv("X", "c")
    with pytest.raises(ImproperlyConfigured, match=re.escape("X='c' is not one of: a, b.")):
        env.choice("X", "a", ["a", "b"])


def test_words_drops_blanks(monkeypatch):
    monkeypatch.setenv("X", "a, b,,")
    assert env.words("X", []) == ["a", "b"]


def test_folder_is_created_for_this_user_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("X", str(tmp_path / "a" / "b"))
    made = env.folder("X", Path("unused"))
    assert made.is_dir()
    assert made.stat().st_mode & 0o777 == 0o700


def test_folder_below_a_file_is_refused(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("X", str(tmp_path / "file" / "below"))
    with pytest.raises(ImproperlyConfigured, match=r"cannot be created: Not a directory. Set X to"):
        env.folder("X", Path("unused"))


def test_folder_that_is_a_file_is_refused(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("X", str(tmp_path / "file"))
    with pytest.raises(ImproperlyConfigured, match=r"is a file, not a folder. Set X to"):
        env.folder("X", Path("unused"))


def test_folder_of_an_unknown_user_is_refused(monkeypatch):
    monkeypatch.setenv("X", "~nobody-of-this-name/data")
    with pytest.raises(ImproperlyConfigured, match="cannot be created"):
        env.folder("X", Path("unused"))
