"""What a user asks of onboarding, and the question that is put when the data do not tell the answer."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path

from mlworks_orchestration.errors import DeclarationError, MLWorksError
from mlworks_orchestration.spec import Catalog

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_LONGEST = 50
_SHOWN = 20
FOLDERS = frozenset({"raw", "features", "quality"})


class UndecidedError(MLWorksError):
    """Something that the data do not tell; its text says which option gives it.

    Parameters:
        message: what is not known, and what to pass.
        field: of `Request` that the answer goes into.
        choices: the answers that are likely; empty when any is.
        default: the answer taken where nobody is asked; without one, an answer is needed.
    """

    def __init__(self, message: str, *, field: str, choices: Iterable[str] = (), default: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.choices = list(choices)
        self.default = default


@dataclass(frozen=True)
class Request:
    """What is to be declared; a field that is left out is inferred.

    Parameters:
        name: of the model or feature table.
        data: the file, CSV or Parquet.
        label: column that is predicted; empty while it is not known, none for a feature table.
        time: column that says when a row is about.
        entity: columns that, with the time, identify a row.
        task: of the model.
        positive: of a label of words, the one that means 1; all others mean 0.
        timezone: in which times without an offset are written, and in which partitions begin.
        time_format: of texts in the time column, as strptime takes it.
        delay: how long after the time the label is known.
        nulls: further texts that mean a missing value.
        features: the columns to use; without them all that can be.
        drop: columns not to use.
        owner: who answers for it.
        description: what it predicts, or what a row is.
    """

    name: str
    data: Path
    label: str | None = ""
    time: str = ""
    entity: tuple[str, ...] = ()
    task: str = ""
    positive: str = ""
    timezone: str = "UTC"
    time_format: str = ""
    delay: timedelta | None = None
    nulls: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    owner: str = "team:data-science"
    description: str = ""


def check_name(name: str, taken: Collection[str]) -> None:
    """Check that a name can be given to a new model or feature table.

    Parameters:
        name: as it was given.
        taken: the names that are not free.

    Raises:
        DeclarationError: if it is malformed or taken, with a name that is neither.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        message = (
            f"{name!r} is no name: lower-case letters, digits and underscores, at most {_LONGEST}, beginning with a letter. "
            f"Try {free_name(suggested(name), taken)!r}."
        )
        raise DeclarationError(message)
    if name in taken:
        why = "is the framework's own" if name in FOLDERS else f"is taken: see assets/{name}"
        message = f"The name {name!r} {why}. Try {free_name(name, taken)!r}, or remove what has it first."
        raise DeclarationError(message)


def suggested(name: str) -> str:
    """Return the nearest valid name.

    Examples:
        >>> suggested("House Prices!"), suggested("2024-sales")
        ('house_prices', 'm_2024_sales')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:_LONGEST] or "model"
    return plain if plain[0].isalpha() else f"m_{plain}"[:_LONGEST]


def free_name(name: str, taken: Collection[str]) -> str:
    """Return the name, with the first number behind it that makes it free."""
    candidates = (name, *(f"{name[: _LONGEST - 4]}_{number}" for number in range(2, 1000)))
    return next(each for each in candidates if each not in taken)


def taken_names(catalog: Catalog, folder: Path) -> set[str]:
    """Return the names that a new declaration cannot have.

    Parameters:
        catalog: what is declared already.
        folder: the deployment's `assets/`.
    """
    return {*catalog.models, *catalog.tables, *FOLDERS, *(path.name for path in folder.iterdir() if path.is_dir())}


def near(name: str, columns: Iterable[str]) -> str:
    """Return a hint with the nearest column and the first columns there are; files may have thousands."""
    names = list(columns)
    close = get_close_matches(name, names, n=1) or [each for each in names if each.lower() == name.lower()]
    listed = ", ".join(names[:_SHOWN]) + (f" … ({len(names)} in all)" if len(names) > _SHOWN else "")
    return f"did you mean {close[0]!r}? Columns: {listed}" if close else f"columns: {listed}"
