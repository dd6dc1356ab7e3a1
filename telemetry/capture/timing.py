"""Seconds of a block or of each call, observed whether it ends well or raises."""

import functools
import inspect
from collections.abc import Callable, Coroutine
from time import perf_counter
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast

from asgiref.sync import iscoroutinefunction

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C")


class Timer:
    """A context manager for a block, and a decorator for functions, `async def` included.

    As a context manager it times one block at a time; as a decorator any number of calls at once.
    """

    def __init__(self, observe: Callable[[float], None]) -> None:
        self._observe = observe
        self._began: list[float] = []

    def __enter__(self) -> None:
        self._began.append(perf_counter())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._observe(perf_counter() - self._began.pop())

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, timed. Raises ValueError for a generator, which returns at once."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise ValueError(
                f"function: {function!r} is a generator, whose call returns before it runs; time "
                "a block where it is used."
            )
        if iscoroutinefunction(function):
            return cast(Callable[P, R], self._of_coroutine(function))

        @functools.wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            began = perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self._observe(perf_counter() - began)

        return timed

    def _of_coroutine(
        self, function: Callable[P, Coroutine[Any, Any, C]]
    ) -> Callable[P, Coroutine[Any, Any, C]]:
        @functools.wraps(function)
        async def timed(*args: P.args, **kwargs: P.kwargs) -> C:
            began = perf_counter()
            try:
                return await function(*args, **kwargs)
            finally:
                self._observe(perf_counter() - began)

        return timed
