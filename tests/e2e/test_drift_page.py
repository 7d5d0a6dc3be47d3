"""The drift page as a person sees it, opened from disk in headless Chromium without a network; the pictures go to `.artifacts/screenshots/`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from mlworks_orchestration.monitoring.drift import analyze
from mlworks_orchestration.monitoring.page import analysis_content, drift_page
from tests.e2e.deployment import ROOT

PICTURES = ROOT / ".artifacts" / "screenshots"
HOSTILE = "<script>document.title = 'taken'</script>"
LONG = "a_column_whose_name_goes_on_" * 8


def rides(shift: float, seed: int, columns: int = 0) -> pl.DataFrame:
    generator, rows = np.random.default_rng(seed), 2_000
    numbers = {f"sensor_{index}": generator.normal(size=rows) for index in range(columns)}
    return pl.DataFrame(
        {
            "distance": generator.normal(shift, 1.0, rows),
            HOSTILE: generator.choice([HOSTILE, "Queens", "Bronx"], rows, p=[0.4 + shift / 2, 0.3, 0.3 - shift / 2]),
            LONG: generator.choice([f"a category of which there are many, number {index}" for index in range(1_000)], rows),
            **numbers,
        }
    )


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(chromium), args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def look(browser: Browser, tmp_path: Path) -> Iterator[Callable[[pl.DataFrame, pl.DataFrame], Page]]:
    """Open the page of a comparison from disk; nothing on it may fail, and it may ask for nothing."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, offline=True)
    asked: list[str] = []
    wrong: list[str] = []

    def open_page(reference: pl.DataFrame, current: pl.DataFrame) -> Page:
        file = tmp_path / "drift.html"
        file.write_text(drift_page(analysis_content(analyze(reference, current))), encoding="utf-8")
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield open_page
    context.close()
    assert [url for url in asked if not url.startswith("file:")] == []
    assert len(asked) == 1
    assert wrong == []


def photograph(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True, animations="disabled")


def test_the_page_shows_what_drifted_with_charts_and_opens_its_folds(look: Callable[..., Page]) -> None:
    page = look(rides(0.0, 1), rides(0.5, 2))
    expect(page.get_by_role("heading", level=1)).to_have_text("Drift of the current frame against the reference frame")
    expect(page.get_by_text("2 of 3 columns drifted")).to_be_visible()
    expect(page.get_by_role("img", name="Distribution of distance")).to_be_visible()
    assert page.title() == "Drift of the current frame against the reference frame"
    expect(page.get_by_role("cell", name="chi_squared", exact=True).first).to_be_hidden()
    page.get_by_text("Every statistic of every column").click()
    expect(page.get_by_role("cell", name="chi_squared", exact=True).first).to_be_visible()
    photograph(page, "drift_page")


def test_nothing_on_the_page_runs_over_its_edge(look: Callable[..., Page]) -> None:
    page = look(rides(0.0, 1, columns=60), rides(0.5, 2, columns=60))
    expect(page.get_by_text("38 more columns")).to_be_visible()
    expect(page.get_by_role("rowheader", name="all features together")).to_be_visible()
    for width in (1280, 800):
        page.set_viewport_size({"width": width, "height": 1000})
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.get_by_text("38 more columns").click()
    expect(page.get_by_role("rowheader")).to_have_count(63 + 1)
    photograph(page, "drift_page_many_columns")


def test_charts_keep_inside_their_cards(look: Callable[..., Page]) -> None:
    page = look(rides(0.0, 1), rides(0.5, 2))
    overflowing = page.evaluate(
        "[...document.querySelectorAll('figure')].filter(card => [...card.querySelectorAll('svg')].some("
        "chart => chart.getBoundingClientRect().right > card.getBoundingClientRect().right)).length"
    )
    assert page.locator("figure svg").count() == 3
    assert overflowing == 0


def test_a_page_on_which_nothing_could_be_told_is_whole(look: Callable[..., Page]) -> None:
    page = look(rides(0.0, 1), rides(0.0, 2).head(20))
    expect(page.get_by_text("It could not be told of any of the 3 columns")).to_be_visible()
    expect(page.get_by_text("Inconclusive columns: see why in the table")).to_be_visible()
    photograph(page, "drift_page_inconclusive")
