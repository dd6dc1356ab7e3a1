"""How many requests a process can answer at one time, as far as that can be known."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.test import RequestFactory, override_settings

from telemetry.capture import capacity
from telemetry.journal import board as boards
from telemetry.journal.board import Board


def ask(**meta: object) -> int:
    return capacity.found(RequestFactory().get("/", **meta))


def test_the_setting_stands() -> None:
    with override_settings(TELEMETRY={"WORKER_THREADS": 12}):
        assert ask(**{"wsgi.multithread": False}) == 12


def test_a_server_without_threads_answers_one_at_a_time() -> None:
    assert ask(**{"wsgi.multithread": False}) == 1


def test_a_pool_of_threads_says_its_size() -> None:
    with ThreadPoolExecutor(max_workers=7) as pool:
        assert pool.submit(ask, **{"wsgi.multithread": True}).result() == 7


def test_what_cannot_be_known_is_not_made_up() -> None:
    assert ask(**{"wsgi.multithread": True}) == 0


def test_the_board_has_it(tmp_path: Path) -> None:
    board = Board(tmp_path / "a.board")
    assert board.snapshot().threads == 0
    board.can_answer(5)
    found = boards.read(tmp_path / "a.board")
    assert found is not None
    assert found.threads == 5
    board.close()
