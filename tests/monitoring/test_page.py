"""The drift page: what it says, that it needs nothing from outside, and that texts stay texts."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Literal

import pytest

from mlworks_orchestration.monitoring.drift import Distribution
from mlworks_orchestration.monitoring.page import Cause, ColumnEntry, PageContent, Point, Series, StatisticEntry, drift_page

HOSTILE = """<script>alert("x")</script>'"&{{ 1 }}"""
BARS = Distribution((0.6, 0.4), (0.1, 0.9), labels=(HOSTILE, ""), missing=(0.0, 0.25))
HISTOGRAM = Distribution((0.5, 0.5), (0.2, 0.7), edges=(0.0, 1.0, 2.0), beyond=(0.0, 0.1))
KS = StatisticEntry("ks", 0.4, 1.05, 0.12, 1e-20, drifted=True, decides=True, reason="corrected p-value 1e-20")
DISTANCE = ColumnEntry(
    "distance", "feature", drifted=True, effect=1.05, threshold=0.12, p_value=1e-20, words="mean 1 → 2", statistics=(KS,), distribution=HISTOGRAM
)
CARRIER = ColumnEntry(
    HOSTILE,
    "feature",
    drifted=False,
    effect=0.02,
    threshold=0.12,
    p_value=0.5,
    words=HOSTILE,
    statistics=(replace(KS, reason=HOSTILE),),
    distribution=BARS,
)
TAIL = ColumnEntry("tail", "feature", None, None, None, None, "the current rows have no column tail")
MARCH = datetime(2013, 3, 1, tzinfo=UTC)
POINTS = tuple(Point(MARCH + timedelta(days=day), None if day == 3 else 0.05 * day, day > 5) for day in range(10))


class Outline(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def content(*columns: ColumnEntry) -> PageContent:
    return PageContent("Drift of a against b", "drifted", "1 of 3 columns drifted: distance.", columns=columns)


def test_a_page_says_everything_that_it_is_given() -> None:
    page = drift_page(
        PageContent(
            title="Drift of current.csv against reference.csv",
            state="drifted",
            verdict="1 of 3 columns drifted: distance.",
            facts=(("Rows, reference", "10,000"),),
            actions=("Investigate how distance is generated.",),
            columns=(DISTANCE, CARRIER, TAIL),
            series=(Series("distance over time", POINTS, 0.12), Series("without a threshold", POINTS, None)),
            causes=(Cause("a sensor was replaced", "first seen on 2013-03-06", 0.31),),
            method=("A column has drifted if there is evidence and effect.",),
            provenance=(("Current", "/data/current.csv"),),
        )
    )
    text = Outline(page).text
    for said in (
        "Drift of current.csv against reference.csv", "1 of 3 columns drifted: distance.", "10,000", "Investigate how distance is generated.",
        "mean 1 → 2", "the current rows have no column tail", "distance over time", "a sensor was replaced", "first seen on 2013-03-06",
        "evidence and effect", "/data/current.csv", "Missing: 0.0% → 25.0%", "Beyond the axis: 0.0% → 10.0%", "< 0.0001", "1.05", "inconclusive",
    ):  # fmt: skip
        assert said in text
    assert page.count("<svg") == 4


def test_names_and_categories_stay_texts() -> None:
    page = drift_page(replace(content(CARRIER), title=HOSTILE, verdict=HOSTILE, actions=(HOSTILE,), series=(Series(HOSTILE, POINTS, 1.0),)))
    outline = Outline(page)
    assert "script" not in outline.tags
    assert outline.text.count(HOSTILE) >= 7
    assert not [name for name, _ in outline.attributes if name.startswith("on")]


def test_a_page_fetches_nothing_from_outside() -> None:
    page = drift_page(content(DISTANCE, CARRIER))
    outline = Outline(page)
    assert not {"script", "link", "img", "iframe", "object", "image", "use"} & set(outline.tags)
    assert not re.findall(r"url\(|@import", page)
    assert not [value for name, value in outline.attributes if name in ("src", "href", "xlink:href")]
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in outline.attributes


def test_a_reader_who_does_not_see_is_told_too() -> None:
    outline = Outline(drift_page(content(DISTANCE, CARRIER)))
    labels = [value for name, value in outline.attributes if name == "aria-label"]
    assert "Distribution of distance in reference and current rows. mean 1 → 2" in labels
    assert [tag for tag in outline.tags if re.fullmatch("h[1-6]", tag)][:2] == ["h1", "h2"]
    assert ("lang", "en") in outline.attributes
    assert outline.tags.count("caption") == outline.tags.count("table")


@pytest.mark.parametrize(("state", "word"), [("quiet", "No drift"), ("inconclusive", "Inconclusive")])
def test_a_page_without_columns_says_so(state: Literal["quiet", "inconclusive"], word: str) -> None:
    text = Outline(drift_page(replace(content(), state=state))).text
    assert "There was no column to compare." in text
    assert word in text
    assert "Distributions" not in text


def test_a_page_of_many_columns_shows_the_first_and_folds_the_rest() -> None:
    columns = tuple(replace(DISTANCE, name=f"column_{index}_{'x' * 200}") for index in range(500))
    page = drift_page(content(*columns))
    assert "475 more columns" in page
    assert "24 more distributions" in page
    assert "Drawn are the first 30 of 500 columns" in Outline(page).text
    assert page.count("<svg") == 30


def test_categories_that_are_not_drawn_are_counted() -> None:
    page = drift_page(content(replace(CARRIER, distribution=replace(BARS, others=1_234, beyond=(0.3, 0.2)))))
    assert "1,234 other categories: 30.0% → 20.0%" in Outline(page).text


def test_labels_that_cannot_be_drawn_are_made_so() -> None:
    labels = ("x" * 60 + "1", "x" * 60 + "2", "a\x00b", "")
    page = drift_page(content(replace(CARRIER, distribution=Distribution((0.25,) * 4, (0.25,) * 4, labels=labels))))
    assert "\x00" not in page
    assert "(empty)" in page
    assert page.count("x" * 40 + " (2)") >= 1
    assert "a\N{REPLACEMENT CHARACTER}b" in page
