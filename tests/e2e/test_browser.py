"""What a person sees: Dagster's pages over a replayed model, in headless Chromium; the pictures go to `.artifacts/screenshots/`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FloatRect, Page, Route, expect, sync_playwright

from tests.e2e.deployment import ROOT, Deployment
from tests.e2e.server import Server

MODEL = "airline_delay"
ASSETS = ["labels", "training_set", "candidate", "champion", "scores", "profile", "drift_report", "performance"]
KINDS = ["feature", "label", "prediction", "concept"]
LINEAGE = f"/locations/__repository__@mlworks/asset-groups/{MODEL}/lineage"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
PICTURES = ROOT / ".artifacts" / "screenshots"
PATIENCE_MS = 60_000
WRONG = ["error occurred", "something went wrong", "unexpected graphql error", "failed to load", "invalid selection", "definitions not found"]

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def server(deployment: Deployment, serve: Callable[[], Server]) -> Server:
    """Dagster over a model that is replayed into March."""
    deployment.replay(MODEL, until="2013-03-17")
    return serve()


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(chromium), args=[*QUIET, "--disable-sync"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A fresh visitor's page, which may reach nothing but the server, and on which nothing may go wrong."""
    context = browser.new_context(viewport={"width": 1600, "height": 1000}, base_url=server.url)
    outside: list[str] = []

    def refuse(route: Route) -> None:
        outside.append(route.request.url)
        route.abort()

    context.route(lambda url: url.startswith("http") and not url.startswith(server.url), refuse)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    crashes: list[str] = []
    opened.on("pageerror", lambda error: crashes.append(str(error)))
    yield opened
    text = opened.locator("body").inner_text().lower()
    context.close()
    assert not crashes
    assert not outside
    assert not [words for words in WRONG if words in text], text


def photograph(page: Page, name: str, clip: FloatRect | None = None) -> None:
    page.wait_for_load_state("networkidle")
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", clip=clip, animations="disabled")


def test_the_lineage_page_shows_every_asset_of_the_model(page: Page) -> None:
    page.goto(LINEAGE)
    for name in [*ASSETS, "flights", "weather", "flight_outcomes"]:
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    photograph(page, "lineage")


def test_the_lineage_page_shows_on_a_wide_screen_what_each_asset_holds(page: Page) -> None:
    page.set_viewport_size({"width": 2600, "height": 1100})
    page.goto(LINEAGE)
    expect(page.get_by_text("Asset checks", exact=True)).to_have_count(len(ASSETS))
    expect(page.get_by_text("1 / 1 Passed", exact=True)).to_be_visible()
    expect(page.get_by_text("0 / 4 Passed", exact=True)).to_be_visible()
    photograph(page, "lineage_wide", {"x": 310, "y": 270, "width": 2230, "height": 680})


def test_the_global_graph_shows_both_groups(page: Page) -> None:
    page.goto("/asset-groups")
    for name in (MODEL, "feature_tables"):
        expect(page.get_by_text(name, exact=True).last).to_be_visible()
    photograph(page, "lineage_global")


def test_the_performance_page_plots_its_metrics(page: Page) -> None:
    page.goto(f"/assets/{MODEL}/performance")
    page.get_by_text("Plots", exact=True).click()
    # "Partitions", the default, plots the newest 120 keys, which Dagster counts back from today even when the partitions end in 2013.
    page.get_by_role("button", name="Events").click()
    for metric in ("mae", "rmse", "r2", "absolute_error_q90", "training_seconds", "scoring_rows_per_second"):
        expect(page.get_by_text(metric, exact=True)).to_be_visible()
    expect(page.locator("canvas")).to_have_count(14)
    photograph(page, "performance_plots")


def test_the_partitions_tab_shows_the_metrics_of_a_day(page: Page) -> None:
    page.goto(f"/assets/{MODEL}/performance?view=partitions&partition=2013-03-14")
    expect(page.get_by_text("absolute_error_q90", exact=True).first).to_be_visible()
    photograph(page, "performance_partition")


def test_the_drift_report_page_shows_the_history_of_each_check(page: Page) -> None:
    page.goto(f"/assets/{MODEL}/drift_report?view=checks&checkDetail=feature_drift")
    for kind in KINDS:
        expect(page.get_by_text(f"{kind}_drift", exact=True).first).to_be_visible()
    expect(page.get_by_text("Passed", exact=True)).not_to_have_count(0)
    photograph(page, "drift_checks")
    page.get_by_text("Execution history", exact=True).click()
    for day in ("2013-03-12", "2013-03-13", "2013-03-14"):
        expect(page.get_by_text(day, exact=True).first).to_be_visible()
    expect(page.get_by_text("of 11 columns").first).to_be_visible()
    photograph(page, "drift_check_history")


def test_the_retraining_sensor_page_shows_its_job(page: Page) -> None:
    page.goto("/locations/mlworks/sensors/retraining_sensor")
    expect(page.get_by_text(f"{MODEL}_train", exact=True).first).to_be_visible()
    photograph(page, "retraining_sensor")
