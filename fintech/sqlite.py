"""Swaps the standard library's SQLite for a newer one where the former can corrupt a WAL database.

SQLite 3.7.0 to 3.51.2 has the WAL-reset bug: two connections that write and checkpoint at the same
moment can lose a committed transaction or corrupt the file (https://sqlite.org/wal.html#walresetbug).
Fixed in 3.51.3, and in the maintenance releases 3.50.7 and 3.44.6.
"""

import importlib
import sqlite3
import sys
from types import ModuleType
from typing import Any

Version = tuple[int, ...]

_FIRST_AFFECTED = (3, 7, 0)
_FIXED = (3, 51, 3)
_BACKPORTS = {(3, 44): (3, 44, 6), (3, 50): (3, 50, 7)}
# What SQLite is compiled with unless `PRAGMA compile_options` names another number.
_DEFAULT_LIMITS = {"SQLITE_LIMIT_COLUMN": (2, 2_000), "SQLITE_LIMIT_VARIABLE_NUMBER": (9, 32_766)}


def is_affected(version: Version) -> bool:
    """Whether this SQLite release, such as `(3, 40, 1)`, has the WAL-reset bug."""
    backport = _BACKPORTS.get((version[0], version[1]))
    if backport is not None and version >= backport:
        return False
    return _FIRST_AFFECTED <= version < _FIXED


def use_safe_library() -> ModuleType:
    """Makes `import sqlite3` give pysqlite3 where that helps; returns the module in use.

    Does nothing when the standard library's SQLite is sound, when pysqlite3 is not installed (there
    are platforms without a wheel: the deploy check then warns), or when it is affected too.
    """
    if not is_affected(sqlite3.sqlite_version_info):
        return sqlite3
    try:
        replacement = importlib.import_module("pysqlite3")
    except ImportError:
        return sqlite3
    if is_affected(replacement.sqlite_version_info):
        return sqlite3
    add_limits(replacement)
    sys.modules["sqlite3"] = replacement
    sys.modules["sqlite3.dbapi2"] = replacement.dbapi2
    return replacement


def add_limits(module: Any) -> None:
    """Gives the module's connections `getlimit`, which Django 6.1 calls and pysqlite3 lacks."""
    if hasattr(module.Connection, "getlimit"):
        return
    numbers = {number: (name, usual) for name, (number, usual) in _DEFAULT_LIMITS.items()}
    compiled: dict[str, int] | None = None

    class Connection(module.Connection):  # type: ignore[misc]
        def getlimit(self, category: int, /) -> int:
            nonlocal compiled
            name, usual = numbers[category]
            if compiled is None:
                compiled = _compiled_limits(self)
            return compiled.get(name, usual)

    original = module.connect

    def connect(*args: Any, **kwargs: Any) -> Any:
        # `factory` is the sixth positional parameter.
        if len(args) < 6:
            kwargs.setdefault("factory", Connection)
        return original(*args, **kwargs)

    for target in (module, module.dbapi2):
        target.connect = connect
        for name, (number, _) in _DEFAULT_LIMITS.items():
            setattr(target, name, number)


def _compiled_limits(connection: Any) -> dict[str, int]:
    limits = {}
    for (option,) in connection.execute("PRAGMA compile_options").fetchall():
        name, _, value = option.partition("=")
        if name in ("MAX_COLUMN", "MAX_VARIABLE_NUMBER"):
            limits[f"SQLITE_LIMIT_{name.removeprefix('MAX_')}"] = int(value)
    return limits
