"""The texts and their ratings, on the committed slice."""

from datetime import timedelta

import polars as pl

from assets.reviews.source import ARRIVALS, FIRST_DAY, features, load, rated, texts
from mlworks_orchestration.project import project_root
from mlworks_orchestration.spec import TimeWindow, read_declarations

TABLE = read_declarations(project_root() / "assets").require_healthy().tables["reviews"]
ALL = TimeWindow(FIRST_DAY, FIRST_DAY + sum(ARRIVALS.values(), timedelta()))


def test_sources_arrive_one_after_the_other_for_as_long_as_is_declared() -> None:
    spans = texts().group_by("source", maintain_order=True).agg(pl.col("received_at").min().alias("first"), pl.col("received_at").max().alias("last"))
    start = FIRST_DAY
    for source, first, last in spans.iter_rows():
        assert first == start
        start += ARRIVALS[source]
        assert start - timedelta(days=1) < last < start
    assert spans["source"].to_list() == list(ARRIVALS)


def test_the_declared_partitions_hold_every_text() -> None:
    assert TABLE.partitions.span(TABLE.partitions.keys(ALL.end)) == ALL
    assert load(ALL).height == sum(pl.read_parquet(rated(source)).height for source in ARRIVALS)


def test_texts_arrive_in_the_order_of_their_file_and_none_at_the_same_moment() -> None:
    everything = texts()
    assert everything["received_at"].is_sorted()
    assert everything["received_at"].n_unique() == everything["text_id"].n_unique() == everything.height


def test_a_rating_above_zero_is_happy_below_not_and_zero_is_neither() -> None:
    ours, given = texts().filter(pl.col("source") == "nyt"), pl.read_parquet(rated("nyt"))
    expected = [None if rating == 0 else rating > 0 for rating in given["rating"]]
    assert ours["happy"].to_list() == expected
    assert None in expected


def test_texts_are_whole_and_without_marks_of_line_breaks() -> None:
    rows = features(load(ALL))
    assert not rows["text"].str.contains("<br").any()
    assert load(ALL)["text"].str.contains("<br").any()
    assert rows["text"].str.len_chars().min() > 0
    assert not rows["text"].str.contains("\r|\t").any()
