"""A model's drift report as people see it: what is read back of the lake, and what the page says."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.monitoring import ACTIONS, drift_report, profile
from mlworks_orchestration.monitoring.causes import explain_if_new
from mlworks_orchestration.monitoring.error_rates import Counted, ErrorRates, FalseAlarms, error_rates_words, record_error_rates
from mlworks_orchestration.monitoring.page import PageContent, drift_page, page_path, read_report, refresh_page, report_content
from mlworks_orchestration.spec import DriftKind
from tests.monitoring.test_page import HOSTILE, Outline
from tests.monitoring.watching import broken, judged, watched
from tests.scoring.world import World


def content(world: World, day: int) -> PageContent:
    return report_content(world.lake, world.model, world.registry, world.key(day))


def explained(world: World, day: int) -> None:
    with clock.replaying(world.at(30)):
        explain_if_new(world.lake, world.catalog, world.model, world.registry, world.key(day))


@pytest.fixture
def quiet(trained: World) -> World:
    """Return a world in which nothing happened."""
    trained.add_days(10, 14)
    trained.add_labels(10, 14)
    watched(trained, 10, 14)
    return trained


@pytest.fixture
def kilometres(trained: World) -> World:
    """Return a world in which the source of the distances gives kilometres from the fourteenth day on, and validation sees it."""
    trained.add_days(10, 14)
    trained.add_labels(10, 14)
    broken(trained, 13, 14)
    judged(trained, 0, 14)
    watched(trained, 10, 14)
    return trained


def test_a_quiet_report_says_that_nothing_is_to_be_done(quiet: World) -> None:
    found = content(quiet, 14)
    assert found.title == f"Drift of delay, window {quiet.key(12)} to {quiet.key(14)}"
    assert (found.state, found.verdict) == ("quiet", "No feature, label, prediction or concept drift.")
    assert found.actions == ("Nothing needs to be done.",)
    assert (found.causes, found.causes_note, found.evidence, found.expected) == ((), "", (), None)
    assert [(one.kind, one.drifted) for one in found.kinds] == [(kind.value, False) for kind in DriftKind]


def test_a_report_with_drift_says_what_drifted_why_and_what_to_do(kilometres: World) -> None:
    explained(kilometres, 14)
    found = content(kilometres, 14)
    assert found.state == "drifted"
    assert found.verdict.startswith("Feature drift in distance. ")
    assert found.actions[0].startswith("Feature drift in distance (effect ")
    assert found.actions[0].endswith(f"upstream failure in features/flights, to be repaired first): {ACTIONS[DriftKind.FEATURE]}.")
    assert "what to do" not in found.kinds[0].words
    assert found.causes[0].name == "Upstream failure in features/flights"
    assert found.causes[0].evidence.startswith("between(distance, min=0, max=3000) fails in ")
    ranked = [one for one in found.causes if one.score is not None]
    assert [one.name for one in ranked] == ["Drift of distance"]
    assert re.match(r"effect \d\.\d\d by ks; importance 100%; ", ranked[0].evidence)
    assert [table.title for table in found.evidence] == ["Features", "When it began", "Slices", "Data quality upstream"]
    upstream = found.evidence[-1].rows[0]
    keys = [key.replace("-", "\N{NON-BREAKING HYPHEN}") for key in kilometres.keys(13, 14)]
    assert upstream[:3] == (
        "features/flights",
        "between(distance, min=0, max=3000)",
        ", ".join(keys),
    )
    assert str(upstream[-1]).startswith("[")


def test_columns_come_in_the_order_in_which_they_are_read_with_both_distributions(kilometres: World) -> None:
    found = content(kilometres, 14)
    drifted = [one for one in found.columns if one.drifted]
    assert {one.name for one in drifted} >= {"distance", "prediction"}
    assert found.columns[: len(drifted)] == tuple(drifted)
    excess = [(one.effect or 0) / (one.threshold or 1) for one in drifted]
    assert excess == sorted(excess, reverse=True)
    [distance] = [one for one in found.columns if one.name == "distance"]
    assert "mean " in distance.words
    assert distance.distribution
    for side in (distance.distribution.reference, distance.distribution.current):
        assert sum(side) + distance.distribution.beyond[0] == pytest.approx(1, abs=0.05)
    assert {one.statistic for one in read_report(kilometres.lake, kilometres.model).columns[0].statistics} >= {"ks", "psi", "missing_share"}


def test_what_raises_no_alarm_stands_beside_and_is_not_called_inconclusive(quiet: World) -> None:
    found = content(quiet, 14)
    assert not [one.name for one in found.columns if one.drifted is None]
    assert dict(found.facts)["Columns inconclusive"] == "0"
    assert found.beside
    assert {row[0] for row in found.beside.rows} >= {"all features together", "distance ~ arr_delay"}


def test_the_past_is_that_of_the_column_that_tells_most_up_to_the_report(kilometres: World) -> None:
    series = {one.name: one for one in content(kilometres, 13).series}
    assert next(iter(series)) == "Feature drift: distance by ks"
    assert len(series) == 4
    points = series["Feature drift: distance by ks"].points
    assert [point.moment for point in points] == [kilometres.at(day) for day in (11, 12, 13, 14)]
    assert [point.drifted for point in points] == [False, False, False, True]
    assert all(point.threshold and point.threshold >= 0.1 for point in points)


def test_an_alarm_whose_causes_were_not_sought_says_how_to_have_them_sought(kilometres: World) -> None:
    found = content(kilometres, 14)
    assert found.causes_note == f"Its causes were not sought. Materialise delay/drift_report of {kilometres.key(14)} to have them sought."
    assert f"Feature drift in distance: {ACTIONS[DriftKind.FEATURE]}." in found.actions


def test_causes_that_were_found_earlier_say_so_and_what_has_drifted_since(kilometres: World) -> None:
    explained(kilometres, 13)
    kilometres.add_days(15, 16, rows=240)
    broken(kilometres, 15, 16)
    weather = kilometres.lake.read("features/weather", partitions=kilometres.keys(15, 16))
    kilometres.lake.write("features/weather", weather.with_columns(pl.col("wind") + 0.5), partitions=kilometres.keys(15, 16))
    watched(kilometres, 15, 16)
    note = content(kilometres, 16).causes_note
    assert note.startswith(f"Found in the report of {kilometres.key(13)}; what alarmed then has alarmed since.")
    assert f"of what to do are of then; those of the verdicts are of {kilometres.key(16)}." in note


def test_labels_that_are_not_known_leave_their_kinds_open_and_what_is_expected_is_told(trained: World) -> None:
    trained.add_days(10, 14)
    trained.add_labels(10, 11)
    trained.score(10, 14)
    with clock.replaying(trained.at(15)):
        profile(trained.lake, trained.catalog, trained.model, trained.keys(10, 14))
        drift_report(trained.lake, trained.catalog, trained.model, trained.registry, trained.keys(14, 14))
    found = content(trained, 14)
    words = {one.kind: one.words for one in found.kinds}
    assert words["label"] == "labels not known yet"
    assert found.actions == ("Nothing needs to be done by what could be told.",)
    assert found.verdict == (
        "No feature or prediction drift. Of label drift it could not be told: labels not known yet. "
        f"Of concept drift it could not be told: {words['concept']}."
    )
    assert found.expected
    assert found.expected.rows[0][0] == "mae"
    assert "No earlier estimate could be held against its labels yet." in found.expected.rows[0][-1]
    [residual] = [one for one in found.columns if one.name == "residual"]
    assert (residual.drifted, residual.distribution) == (None, None)


def test_the_method_and_what_went_in_are_told(kilometres: World) -> None:
    found = content(kilometres, 14)
    method = " ".join(found.method)
    assert "at most 0.01, and the effect reaches its threshold" in method
    assert "to 2 false alarms a year in all, 0.5 for each kind of drift. " in method
    for part in ("Features, label and predictions", "Residuals"):
        assert re.search(rf"{part}: at most 0\.5 false alarms in 365 windows, for each kind of drift, by \d+ windows of 3 blocks", method)
    assert "The window is 3d long" in method
    went_in = dict(found.provenance)
    assert went_in["Window"] == f"{kilometres.key(12)} to {kilometres.key(14)}, 3 partitions, 360 rows"
    assert went_in["Compared with"] == "delay version 1, MLflow run run"
    version = kilometres.lake.version("delay/profile")
    assert f"delay/profile @ {version}" in went_in["Report made"]
    assert "features/flights @ " in went_in["Trained on"]
    assert "delay/scores @ " in went_in["Profiles made"]


def test_how_often_its_alarms_are_wrong_is_told_where_it_was_measured(quiet: World) -> None:
    assert not [text for text in content(quiet, 14).method if text.startswith("Measured on")]
    rates = ErrorRates(
        model="delay",
        version=1,
        drift=quiet.model.drift.model_dump_json(),
        false_alarms=(FalseAlarms(DriftKind.FEATURE, 0.5, Counted(episodes=3, windows=365, alarming=5, years=1.0), None),),
        powers=(),
        partitions=10,
        rows=1200,
        window=3,
        histories=100,
        seed=1,
        snapshot="snapshot",
        seconds=1.0,
        measured_at=quiet.at(30),
    )
    record_error_rates(quiet.lake, rates)
    [told] = [text for text in content(quiet, 14).method if text.startswith("Measured on")]
    assert told == f"Measured on the model's own data: {error_rates_words(quiet.lake, quiet.model, 1, DriftKind.FEATURE)}."
    assert read_report(quiet.lake, quiet.model).error_rates == (error_rates_words(quiet.lake, quiet.model, 1, DriftKind.FEATURE),)


def test_a_page_shows_the_profiles_that_the_report_compared_even_if_they_were_made_anew(quiet: World) -> None:
    before = content(quiet, 14)
    quiet.add_days(14, 14, distance=5000)
    quiet.score(14, 14)
    with clock.replaying(quiet.at(30)):
        profile(quiet.lake, quiet.catalog, quiet.model, [quiet.key(14)])
    assert content(quiet, 14).columns == before.columns


def test_names_and_categories_of_users_stay_texts_and_the_page_asks_for_nothing(trained: World) -> None:
    trained.add_days(10, 14)
    keys = trained.keys(10, 14)
    rows = trained.lake.read("features/flights", partitions=keys)
    trained.lake.write("features/flights", rows.with_columns(pl.lit(HOSTILE).alias("carrier")), partitions=keys)
    trained.add_labels(10, 14)
    watched(trained, 10, 14)
    explained(trained, 14)
    page = drift_page(content(trained, 14))
    outline = Outline(page)
    assert HOSTILE in outline.text
    assert not {"script", "link", "img", "iframe", "object", "image", "use"} & set(outline.tags)
    assert not [value for name, value in outline.attributes if name in ("src", "href", "xlink:href")]
    assert not re.findall(r"url\(|@import", page)


def test_the_page_says_all_that_it_is_given_of_the_model(kilometres: World) -> None:
    explained(kilometres, 14)
    found = content(kilometres, 14)
    text = Outline(drift_page(found)).text
    for said in (
        found.title,
        found.verdict,
        found.actions[0],
        found.causes[0].evidence,
        "What the causes rest on",
        "The four kinds of drift",
        "Usually fails",
    ):
        assert said in text
    assert text.index("The four kinds of drift") < text.index("What to do") < text.index("Likely causes") < text.index("Drift over time")


def test_the_page_of_the_newest_report_is_replaced_in_one_move(quiet: World, tmp_path: Path) -> None:
    pages = str(tmp_path / "pages")
    path = refresh_page(quiet.lake, quiet.model, quiet.registry, pages)
    assert path == page_path(quiet.model, pages) == tmp_path / "pages" / "delay" / "drift.html"
    assert quiet.key(14) in path.read_text()
    quiet.add_days(15, 15)
    watched(quiet, 15, 15)
    refresh_page(quiet.lake, quiet.model, quiet.registry, pages)
    assert f"{quiet.key(13)} to {quiet.key(15)}" in path.read_text()
    assert [one.name for one in path.parent.iterdir()] == ["drift.html"]


def test_a_report_as_json_has_every_row_and_the_causes(kilometres: World) -> None:
    explained(kilometres, 14)
    report = read_report(kilometres.lake, kilometres.model)
    document = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert (document["model"], document["partition"], document["drifted"]) == ("delay", kilometres.key(14), True)
    assert len(document["rows"]) == report.rows.height
    assert document["causes"]["findings"][0].startswith("Upstream failure in features/flights")
    assert document["actions"] == list(report.next_steps)
    assert document["kinds"]["feature"]["drifted"] is True


def test_before_the_first_report_it_says_how_to_make_one(trained: World) -> None:
    with pytest.raises(NotReadyError, match="Model delay has no drift report yet; run the job delay_score, or `mlworks replay delay`"):
        read_report(trained.lake, trained.model)


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("2013-01-01", "nearest: 2013-03-11"),
        ("2013-03-13T10:00", "nearest: 2013-03-13"),
        ("2014-01-01", "nearest: 2013-03-15"),
        ("2013-03-13x", "that is no time"),
    ],
)
def test_a_partition_without_a_report_is_told_the_nearest(quiet: World, asked: str, near: str) -> None:
    with pytest.raises(NotReadyError, match=f"partition '{asked}'; {near}. There are 5, from 2013-03-11 to 2013-03-15; materialise"):
        read_report(quiet.lake, quiet.model, asked)
