"""Files of a stand-alone comparison."""

from difflib import get_close_matches
from pathlib import Path

import polars as pl

from mlworks_orchestration.errors import DataError


def read_file(path: Path) -> pl.DataFrame:
    """Read a Parquet or CSV file, a folder of Parquet files, or a Delta table.

    Parameters:
        path: whose ending, or whose folder, tells what it is.

    Raises:
        DataError: if there is none, or it cannot be read.
    """
    if not path.exists():
        beside = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        close = get_close_matches(path.name, beside, n=1)
        hint = f"did you mean {str(path.parent / close[0])!r}?" if close else "check the path."
        message = f"There is no file {str(path)!r}; {hint}"
        raise DataError(message)
    try:
        if path.suffix.lower() in (".csv", ".txt"):
            return pl.read_csv(path, try_parse_dates=True, infer_schema_length=None)
        if (path / "_delta_log").is_dir():
            return pl.read_delta(str(path))
        return pl.read_parquet(path / "**/*.parquet" if path.is_dir() else path)
    except Exception as error:
        # Each reader raises errors of its own.
        message = f"{str(path)!r} cannot be read ({error}); allowed are a Parquet or CSV file, a folder of Parquet files and a Delta table."
        raise DataError(message) from error
