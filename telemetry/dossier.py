"""What only the application knows of a transaction, shown beside what telemetry saw of it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class DossierSection:
    """A titled table. `permission` (`app.view_model`) is needed to see it; empty: none."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]
    note: str = ""
    permission: str = ""


Source = Callable[[str], list[DossierSection]]
_sources: list[Source] = []


def register_dossier(source: Source) -> Source:
    """Have `source(transaction_id)` asked on the dossier page; usable as a decorator.

    It answers with an empty list for an id that it does not know.
    """
    if source not in _sources:
        _sources.append(source)
    return source


def sections(transaction_id: str) -> list[DossierSection]:
    """The sections of every registered source, in order of registration."""
    return [section for source in _sources for section in source(transaction_id)]
