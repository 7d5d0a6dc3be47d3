"""Texts from five sources, with dates that are assigned here: the archives tell none."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import polars as pl

from mlworks_orchestration.data import Archive
from mlworks_orchestration.spec import TimeWindow

FILMS = Archive("mlba", "2.0.5", "ca6432a139f91dd7b8f7944131da570302d61f0e39cfd335e4cec296577d24eb")
SNIPPETS = Archive("vaderSentiment", "3.3.2", "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9")
REVIEWS = "mlba/csvFiles/IMDB-Dataset-10K.csv.gz"
_RATED = "additional_resources/hutto_ICWSM_2014.tar.gz/hutto_ICWSM_2014/{}_GroundTruth.txt"

ARRIVALS = {
    "imdb": timedelta(weeks=10),
    "movie": timedelta(weeks=8),
    "amazon": timedelta(weeks=5),
    "nyt": timedelta(weeks=6),
    "tweets": timedelta(weeks=5),
}
"""For how long the texts of each source arrive, one source after the other, in the order of the file and evenly: an assumption."""

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_FILES = {"movie": "movieReviewSnippets", "amazon": "amazonReviewSnippets", "nyt": "nytEditorialSnippets", "tweets": "tweets"}


def rated(source: str) -> Path:
    """Return the table of a source: `review` and `sentiment` of imdb; `id`, `rating` (-4 to 4, mean of twenty people) and `text` of the others."""
    if source == "imdb":
        return FILMS.table(REVIEWS)
    return SNIPPETS.table(_RATED.format(_FILES[source]), separator="\t", quote=None, names=["id", "rating", "text"])


def texts() -> pl.DataFrame:
    """Return all texts: `text_id`, `received_at` (UTC, assigned), `source`, `text`, and `happy`, which is null where the mean rating is zero."""
    return _texts(FILMS.folder, SNIPPETS.folder)


@cache
def _texts(_films: Path, _snippets: Path) -> pl.DataFrame:
    start, parts = FIRST_DAY, []
    for source, span in ARRIVALS.items():
        parts.append(_arriving(_read(source), source, start, span))
        start += span
    return pl.concat(parts)


def _read(source: str) -> pl.DataFrame:
    rows = pl.read_parquet(rated(source))
    if source == "imdb":
        return rows.select(pl.col("review").alias("text"), (pl.col("sentiment") == "positive").alias("happy"))
    rating = pl.col("rating")
    return rows.select(pl.col("text").str.strip_chars(), pl.when(rating != 0).then(rating > 0).alias("happy"))


def _arriving(rows: pl.DataFrame, source: str, start: datetime, span: timedelta) -> pl.DataFrame:
    number = pl.int_range(pl.len())
    return rows.select(
        pl.format("{}-{}", pl.lit(source), number).alias("text_id"),
        (pl.lit(start) + pl.duration(microseconds=number * (span // timedelta(microseconds=1)) // pl.len())).alias("received_at"),
        pl.lit(source).alias("source"),
        "text",
        "happy",
    )


def within(window: TimeWindow) -> pl.DataFrame:
    """Return the texts that arrive in the window, with what came to be known of their mood.

    Parameters:
        window: half-open span of arrivals.
    """
    return texts().filter(pl.col("received_at").is_between(window.start, window.end, closed="left"))


def load(window: TimeWindow) -> pl.DataFrame:
    """Return the texts that arrive in the window.

    Parameters:
        window: half-open span of arrivals.
    """
    return within(window).drop("happy")


def features(reviews: pl.DataFrame) -> pl.DataFrame:
    """Take the marks of line breaks out of the texts.

    Parameters:
        reviews: rows as `load` gives them.
    """
    return reviews.with_columns(pl.col("text").str.replace_all(r"<br\s*/?>", " "))
