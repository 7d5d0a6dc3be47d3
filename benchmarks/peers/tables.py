"""The two tables of the benchmark: 40 columns of floats and 10 of strings, a reference and a current side in which six columns drifted.

`python -m peers.tables FOLDER ROWS` writes FOLDER/reference.parquet and FOLDER/current.parquet, streamed, the same for the same number of rows.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

ROW_GROUP = 131_072
LEVELS = (2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
SEED = 20260601
ZERO_SHARE = 0.7

Generator = np.random.Generator
Floats = NDArray[np.float64]
FAMILIES: dict[str, tuple[int, Callable[[Generator, int], Floats]]] = {
    "normal": (8, lambda generator, rows: generator.normal(size=rows)),
    "lognormal": (6, lambda generator, rows: generator.lognormal(3, 1, rows)),
    "uniform": (6, lambda generator, rows: generator.uniform(-1, 1, rows)),
    "exponential": (3, lambda generator, rows: generator.exponential(size=rows)),
    "student": (3, lambda generator, rows: generator.standard_t(2, rows)),
    "pareto": (2, lambda generator, rows: generator.pareto(1.5, rows)),
    "zero_inflated": (4, lambda generator, rows: np.where(generator.random(rows) < ZERO_SHARE, 0.0, generator.gamma(2, 5, rows))),
    "integer": (4, lambda generator, rows: generator.poisson(12, rows).astype(float)),
    "rounded": (2, lambda generator, rows: generator.normal(50, 9, rows).round(1)),
    "seconds": (1, lambda generator, rows: 1.7e9 + generator.uniform(0, 3e7, rows).round()),
    "narrow": (1, lambda generator, rows: generator.normal(1000, 0.01, rows)),
}
"""Each family's number of columns and how its values are drawn."""

MISSING = {"normal_1": 0.01, "lognormal_1": 0.05, "zero_inflated_1": 0.2, "level_20": 0.05}
DRIFTED: dict[str, Callable[[Floats], Floats]] = {
    "normal_0": lambda values: values + 0.2,
    "lognormal_0": lambda values: values * 1.2,
    "uniform_0": lambda values: values * 1.25,
    "zero_inflated_0": lambda values: np.where(values > 0, values + 4, values),
}
"""Columns of floats that differ on the current side; level_10 differs too, and more of normal_1 is missing."""


def write(folder: Path, rows: int) -> None:
    """Write both sides, a row group at a time, as pyarrow writes by default."""
    folder.mkdir(parents=True, exist_ok=True)
    for side, name in enumerate(("reference", "current")):
        unfinished = folder / f"{name}.unfinished"
        with pq.ParquetWriter(unfinished, schema()) as writer:
            for number, start in enumerate(range(0, rows, ROW_GROUP)):
                generator = np.random.default_rng([SEED, side, number])
                writer.write_table(chunk(generator, min(ROW_GROUP, rows - start), drifted=bool(side)))
        unfinished.rename(folder / f"{name}.parquet")


def schema() -> pa.Schema:
    """Return the names and types of the 50 columns."""
    floats = [(f"{family}_{number}", pa.float64()) for family, (count, _) in FAMILIES.items() for number in range(count)]
    return pa.schema(floats + [(f"level_{levels}", pa.string()) for levels in LEVELS])


def chunk(generator: Generator, rows: int, *, drifted: bool) -> pa.Table:
    """Draw some rows of one side."""
    columns: dict[str, pa.Array] = {}
    for family, (count, draw) in FAMILIES.items():
        for name in (f"{family}_{number}" for number in range(count)):
            values = draw(generator, rows)
            values = DRIFTED[name](values) if drifted and name in DRIFTED else values
            columns[name] = pa.array(values, mask=missing(generator, name, rows, drifted=drifted))
    for levels in LEVELS:
        codes = categories(generator, rows, levels, drifted=drifted and levels == LEVELS[3])
        names = pa.array([f"value_{level:04d}" for level in range(levels)])
        columns[f"level_{levels}"] = names.take(pa.array(codes, mask=missing(generator, f"level_{levels}", rows, drifted=False)))
    return pa.table(columns, schema=schema())


def missing(generator: Generator, name: str, rows: int, *, drifted: bool) -> NDArray[np.bool_] | None:
    """Return which values are missing, or None for a complete column."""
    share = MISSING.get(name, 0.0) * (3 if drifted and name == "normal_1" else 1)
    return generator.random(rows) < share if share else None


def categories(generator: Generator, rows: int, levels: int, *, drifted: bool) -> NDArray[np.int64]:
    """Draw levels that thin out as in Zipf's law; on a drifted side the two most frequent change places."""
    weights = 1 / np.arange(1, levels + 1) ** 0.9
    if drifted:
        weights[:2] = weights[1::-1]
    return np.searchsorted(np.cumsum(weights) / weights.sum(), generator.random(rows)).clip(max=levels - 1)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
    print("{}")
