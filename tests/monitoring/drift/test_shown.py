"""What is shown beside the verdicts of two sets of rows: all features together, relations with the label, and the words of texts."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.signal import lfilter

from mlworks_orchestration.monitoring.drift import JointProfile, analyze
from mlworks_orchestration.monitoring.page import analysis_content, next_steps
from mlworks_orchestration.spec import DriftKind


def moving_together(sign: float, rows: int = 3_000) -> pl.DataFrame:
    """Rows whose two numbers have the same distribution whatever the sign, and go together or against each other by it."""
    generator = np.random.default_rng(int(sign) + 5)
    x = generator.normal(size=rows)
    y = 0.9 * sign * x + np.sqrt(1 - 0.81) * generator.normal(size=rows)
    return pl.DataFrame(
        {"x": x, "y": y, "origin": generator.choice(["EWR", "JFK"], rows), "said": [f"ride {row} was very late" for row in range(rows)]}
    )


def test_all_features_together_show_what_no_column_shows() -> None:
    found = analyze(moving_together(1.0), moving_together(-1.0))
    columns = {column.name: column for column in found.columns}
    assert found.drifted is False
    together = {one.statistic: one for one in columns["*"].statistics}
    assert set(together) == {"domain_classifier", "pca_reconstruction"}
    assert (together["domain_classifier"].effect or 0.0) > 1.0
    assert columns["*"].shown_only
    assert isinstance(columns["*"].reference, JointProfile)
    assert columns["*"].reference.columns == ("x", "y", "origin")


@pytest.mark.parametrize("label", [None, "y"])
def test_more_rows_are_drawn_where_more_are_asked_for(label: str | None) -> None:
    rows = moving_together(1.0, 13_000).drop("said")
    found = {column.name: column for column in analyze(rows, rows, label=label, min_rows=12_000).columns if column.shown_only}
    assert found["*"].statistics[0].rows_current >= 12_000
    assert all(column.statistics[0].effect is not None for column in found.values())


def test_one_feature_goes_with_nothing() -> None:
    before, after = (moving_together(sign).select("x", "said") for sign in (1.0, -1.0))
    assert {column.name for column in analyze(before, after).columns} == {"said", "x"}


def test_of_many_features_some_are_compared_together_the_same_on_both_sides_and_that_is_said() -> None:
    generator = np.random.default_rng(0)
    before, after = (pl.DataFrame(generator.normal(size=(200, 300)), schema=[f"x{number}" for number in range(300)]) for _ in range(2))
    found = next(column for column in analyze(before, after[:, ::-1]).columns if column.together)
    assert found.words == "256 of 300 features"
    assert isinstance(found.reference, JointProfile)
    assert isinstance(found.current, JointProfile)
    assert found.reference.columns == found.current.columns
    assert len(set(found.reference.columns)) == 256


def test_what_is_only_shown_is_named_where_it_is_more_than_chance() -> None:
    before, after = (moving_together(sign).drop("said") for sign in (1.0, -1.0))
    [shown] = next_steps(analyze(before, after, label="y"))
    assert shown.startswith("Look at x ~ y (")
    assert "by relation): more than chance and min_effect explain, though it raises no alarm" in shown
    assert next_steps(analyze(before, before[::-1], label="y")) == ("Nothing needs to be done.",)


def test_features_that_no_longer_go_together_are_named_also_beside_one_that_drifted() -> None:
    before, after = moving_together(1.0), moving_together(-1.0)
    [step] = next_steps(analyze(before, after))
    assert step.startswith("See how features go together: x and y most (rank correlation 0.90 → -0.9")
    assert "by domain_classifier) by more than each by itself explains. It raises no alarm" in step
    drift, step = next_steps(analyze(before, after.with_columns(pl.col("x") + 0.3)))
    assert drift.startswith("Feature drift (x): ")
    assert step.startswith("See how features go together: x and y most")
    apart = moving_together(0.0)  # x goes with nothing, so that it moves tells nothing of the others
    [drift] = next_steps(analyze(apart, apart[::-1].with_columns(pl.col("x") + 3)))
    assert drift.startswith("Feature drift (x): ")


def test_that_two_of_many_features_no_longer_go_together_is_named() -> None:
    generator = np.random.default_rng(3)
    before, after = (moving_together(sign, 2_000).drop("said") for sign in (1.0, -1.0))
    others = [pl.DataFrame(generator.normal(size=(2_000, 100)), schema=[f"z{number}" for number in range(100)]) for _ in range(2)]
    found = analyze(before.hstack(others[0]), after.hstack(others[1]))
    assert found.drifted is False
    [step] = next_steps(found)
    assert step.startswith("See how features go together: x and y most")


def test_a_text_of_which_only_its_words_changed_is_named() -> None:
    generator = np.random.default_rng(1)
    about = {"rides": ["late", "driver", "road", "stop"], "bills": ["paid", "card", "price", "refund"]}

    def texts(share: float) -> pl.DataFrame:
        topics = np.where(generator.random(2_000) < share, "bills", "rides")
        return pl.DataFrame({"said": [" ".join(generator.choice(about[topic], 4).tolist()) + f" number {row}" for row, topic in enumerate(topics)]})

    before, after, again = texts(0.1), texts(0.4), texts(0.1)
    found = analyze(before, after)
    assert (found.columns[0].type, found.drifted) == ("text", False)
    assert next_steps(found)[0].startswith("Look at said (")
    assert next_steps(analyze(before, again)) == ("Nothing needs to be done.",)


def test_what_is_only_shown_of_too_few_rows_says_so() -> None:
    rows = moving_together(1.0, 80)
    [together] = [column for column in analyze(rows, rows).columns if column.shown_only]
    assert together.reason == "the reference has 80 rows with a value, fewer than min_rows 100"
    assert next(entry for entry in analysis_content(analyze(rows, rows)).columns if entry.shown_only).threshold is None


@pytest.mark.parametrize(("memory", "season"), [(0.998, 0.0), (0.0, 1.0)])
def test_rows_that_depend_on_the_time_differ_together_though_nothing_is_wrong(memory: float, season: float) -> None:
    rows = 65_000
    remembered = lfilter([1.0], [1.0, -memory], np.random.default_rng(5).normal(size=(rows, 3)), axis=0)
    frame = pl.DataFrame(remembered + season * np.sin(np.arange(rows)[:, None] * 2 * np.pi / 20_000), schema=["x", "y", "z"])
    found = analyze(frame[:60_000], frame[60_000:])
    together = next(column for column in found.columns if column.together)
    assert (together.statistics[0].effect or 0.0) > 0.3
    assert together.statistics[0].drifted
    assert not any("go together" in step for step in next_steps(found))


def test_the_page_of_a_side_without_rows_does_not_say_how_many_columns_drifted() -> None:
    rows = moving_together(1.0, 300)
    assert dict(analysis_content(analyze(rows, rows.clear())).facts)["Drifted"] == "not known"
    assert dict(analysis_content(analyze(rows, rows)).facts)["Drifted"] == "0 (0%)"


def test_a_column_that_is_called_as_all_together_are_keeps_its_name() -> None:
    before, after = (moving_together(sign).rename({"x": "*"}) for sign in (1.0, -1.0))
    types = {name: column["type"] for name, column in analyze(before, after).to_dict()["columns"].items()}
    assert (types["*"], types["*_"]) == ("numeric", "joint")


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("roles", [{"label": "origin"}, {"label": "x", "prediction": "y"}, {}], ids=["category", "number", "none"])
def test_a_side_without_rows_is_inconclusive_also_where_rows_are_sampled(*, stored: bool, roles: dict[str, Any], tmp_path: Path) -> None:
    rows, nothing = moving_together(1.0, 300), moving_together(1.0, 300).clear()
    for before, after in ((rows, nothing), (nothing, rows), (nothing, nothing)):
        paths = [tmp_path / "before.parquet", tmp_path / "after.parquet"]
        for side, path in zip((before, after), paths, strict=True):
            side.write_parquet(path)
        found = analyze(*(paths if stored else (before, after)), **roles)
        assert found.drifted is None
        assert "0 rows" in found.columns[0].reason


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_side_of_the_order_alone_has_none_of_the_columns(kind: str, tmp_path: Path) -> None:
    rows = pl.DataFrame({"day": range(200), "x": range(200)})
    paths = [tmp_path / f"{name}.{kind}" for name in ("before", "after")]
    for side, path in zip((rows, rows.select("day")), paths, strict=True):
        getattr(side, f"write_{kind}")(path)
    found = analyze(*paths, by="day")
    assert found.columns[0].reason == "the current rows have no such column"
    assert found.rows_current == 200


@pytest.mark.parametrize("columns", [("^x$", "y"), ("x", "^y$")])
def test_names_like_patterns_can_be_related_and_go_together(columns: tuple[str, str]) -> None:
    sides = [moving_together(sign).rename(dict(zip(("x", "y"), columns, strict=True))) for sign in (1.0, -1.0)]
    found = {column.name: column for column in analyze(*sides, label=columns[1]).columns}
    assert found[f"{columns[0]} ~ {columns[1]}"].statistics[0].effect
    assert found["*"].statistics[0].value


def test_texts_on_a_side_without_rows_are_inconclusive() -> None:
    words = pl.DataFrame({"said": [f"the ride number {row} was very late" for row in range(300)]})
    for sides in ((words, pl.DataFrame({"said": [None] * 300})), (pl.DataFrame({"said": pl.Series([], dtype=pl.Float64)}), words)):
        assert analyze(*sides).columns[0].type in {"text", ""}


def test_features_of_one_side_only_have_nothing_together() -> None:
    found = analyze(moving_together(1.0), moving_together(1.0).select(pl.lit([1]).alias("list")))
    assert "*" not in {column.name for column in found.columns}


def test_names_that_are_patterns_elsewhere_are_names_here() -> None:
    before, after = (moving_together(sign).rename({"x": "*", "y": "^.*$"}) for sign in (1.0, -1.0))
    found = analyze(before, after, label="*", prediction="^.*$")
    assert {column.name: column.kind for column in found.judged} == {
        "*": DriftKind.LABEL,
        "^.*$": DriftKind.PREDICTION,
        "origin": DriftKind.FEATURE,
        "said": DriftKind.FEATURE,
        "residual": DriftKind.CONCEPT,
    }
    assert next(column.drifted for column in found.columns if column.name == "residual") is True
