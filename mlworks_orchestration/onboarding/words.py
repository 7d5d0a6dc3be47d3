"""Which columns of a file are texts, to be read as words."""

from collections.abc import Sequence

import polars as pl

from mlworks_orchestration.onboarding.reading import Table
from mlworks_orchestration.onboarding.request import Request

_FEW_VALUES, _VARIED = 50, 0.2
_FEWEST_WORDS = 4
_SAMPLE = 10_000


def texts(table: Table, request: Request, apart: Sequence[str]) -> list[str]:
    """Return the columns of which nearly every row says something else, in words.

    Parameters:
        table: the data.
        request: may choose columns.
        apart: the columns that are label or time.
    """
    given = [name for name in request.features or table.rows.columns if name not in apart and name not in request.drop]
    return [name for name in given if table.rows[name].dtype == pl.String() and is_text(table.rows[name].drop_nulls())]


def is_text(present: pl.Series) -> bool:
    """Return whether values say something in words, nearly each something else."""
    return len(present) > 0 and is_varied(present) and words(present) >= _FEWEST_WORDS


def is_varied(present: pl.Series) -> bool:
    """Return whether values are too many to be categories."""
    return present.n_unique() > max(_FEW_VALUES, _VARIED * len(present))


def words(present: pl.Series) -> int:
    """Return how many words a text has at the median."""
    counts = present.head(_SAMPLE).str.count_matches(r"\S+").sort()
    return int(counts[len(counts) // 2])
