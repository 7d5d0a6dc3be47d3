"""What a champion is compared with."""

import json

import numpy as np
import pytest

from mlworks_orchestration.errors import DeclarationError, TrainingError
from mlworks_orchestration.monitoring import build_reference
from mlworks_orchestration.monitoring.drift import ColumnKey, NumericProfile, Profile, to_json
from mlworks_orchestration.monitoring.tables import PREDICTION, RESIDUAL
from mlworks_orchestration.spec import Drift, DriftKind
from mlworks_orchestration.training import find_snapshot, load_snapshot
from tests.scoring.world import Mean, World

DISTANCE, LABEL = ColumnKey(DriftKind.FEATURE, "distance"), ColumnKey(DriftKind.LABEL, "arr_delay")


@pytest.fixture
def trained(world: World) -> World:
    """Return a world with ten days and a version that was trained on the first eight."""
    world.add_days(0, 9)
    world.add_labels(0, 9)
    world.train(9, 0.02)
    return world


def build(world: World, version: int = 1) -> Profile:
    return build_reference(world.lake, world.catalog, world.model, world.registry, version).profile


def numbers(profile: Profile, key: ColumnKey) -> NumericProfile:
    column = profile.columns[key]
    assert isinstance(column, NumericProfile)
    return column


def test_it_is_made_of_the_rows_that_the_version_was_trained_on(trained: World) -> None:
    training, _ = load_snapshot(
        trained.lake, trained.catalog, trained.model, find_snapshot(trained.lake, trained.model, trained.registry.slopes[1][1])
    )
    found = build(trained)
    assert to_json(numbers(found, DISTANCE)) == to_json(NumericProfile.of(training["distance"].to_numpy()))
    assert to_json(numbers(found, LABEL)) == to_json(NumericProfile.of(training["label"].to_numpy()))
    assert numbers(found, PREDICTION).moments.mean == pytest.approx(0.02 * np.mean(training["distance"].to_numpy()))


def test_residuals_are_those_of_rows_that_the_version_was_not_trained_on(trained: World) -> None:
    trained.registry.estimators[1] = Mean(0.0)
    training, holdout = load_snapshot(
        trained.lake, trained.catalog, trained.model, find_snapshot(trained.lake, trained.model, trained.registry.slopes[1][1])
    )
    labels = training["label"].to_numpy()
    parts = np.array_split(np.arange(len(labels)), 4)
    unseen = [labels[part] - np.delete(labels, part).mean() for part in parts]
    found = numbers(build(trained), RESIDUAL)
    assert found.rows == training.height + holdout.height
    assert found.mean_of(np.abs) == pytest.approx(np.abs(np.concatenate([*unseen, holdout["label"].to_numpy()])).mean(), rel=1e-3)


def test_what_is_normal_is_learnt_from_each_partition(trained: World) -> None:
    trained.add_days(10, 30)
    trained.add_labels(10, 30)
    found = build_reference(trained.lake, trained.catalog, trained.model, trained.registry, trained.train(30, 0.02))
    assert found.training.blocks
    assert found.errors.blocks
    assert found.training.blocks.number < found.errors.blocks.number
    assert found.training.normal
    assert {key.column for key, _ in found.training.normal.nulls} == {"distance", "carrier", "wind", "arr_delay", "prediction"}
    assert found.errors.normal
    assert {key for key, _ in found.errors.normal.nulls} == {RESIDUAL}


def test_thresholds_are_set_anew_when_the_declaration_of_drift_changes_but_blocks_are_not_counted_again(trained: World) -> None:
    first = build_reference(trained.lake, trained.catalog, trained.model, trained.registry, 1)
    commit = trained.lake.version("delay/normal")
    trained.model = trained.model.model_copy(update={"drift": Drift(false_alarms_per_year=50)})
    again = build_reference(trained.lake, trained.catalog, trained.model, trained.registry, 1)
    assert trained.lake.version("delay/normal") == commit + 1
    assert first.training.normal
    assert again.training.normal
    assert first.training.normal.rate < again.training.normal.rate
    assert first.training.blocks
    assert again.training.blocks
    assert first.training.blocks.to_document() == again.training.blocks.to_document()
    build(trained)
    assert trained.lake.version("delay/normal") == commit + 1


def test_a_declaration_that_names_an_unknown_statistic_is_an_error_also_once_the_reference_is_there(trained: World) -> None:
    wrong = trained.model.model_copy(update={"drift": Drift(thresholds={"kss": {"constant": 0.3}})})
    for _ in range(2):
        with pytest.raises(DeclarationError, match=r"names 'kss'.*did you mean 'ks'"):
            build_reference(trained.lake, trained.catalog, wrong, trained.registry, 1)
        build(trained)


def test_it_is_built_once_a_version(trained: World) -> None:
    first, commit = build(trained), trained.lake.version("delay/reference")
    again = build(trained)
    assert trained.lake.version("delay/reference") == commit
    assert {key: to_json(column) for key, column in first.columns.items()} == {key: to_json(column) for key, column in again.columns.items()}


def test_each_version_has_its_own(trained: World) -> None:
    trained.train(9.5, 0.05)
    assert (numbers(build(trained, 2), PREDICTION).moments.mean or 0) > 2 * (numbers(build(trained, 1), PREDICTION).moments.mean or 0)
    stored = trained.lake.read("delay/reference")
    assert sorted(stored["version"].unique()) == [1, 2]
    assert stored["snapshot"].unique().len() == 2
    assert json.loads(stored["inputs"][0])["delay/labels"] == trained.lake.version("delay/labels")


def test_rows_that_changed_since_the_training_do_not_matter(trained: World) -> None:
    before = numbers(build(trained), DISTANCE)
    trained.add_days(0, 9, distance=5000)
    version = trained.train(9, 0.02)
    trained.registry.slopes[version + 1] = trained.registry.slopes[1]
    assert to_json(numbers(build(trained, version + 1), DISTANCE)) == to_json(before)
    assert (numbers(build(trained, version), DISTANCE).moments.mean or 0) > 4500


def test_what_two_runs_built_at_once_counts_once(trained: World) -> None:
    first = build(trained)
    trained.lake.append("delay/reference", trained.lake.read("delay/reference"))
    assert numbers(build(trained), DISTANCE).rows == numbers(first, DISTANCE).rows


def test_a_snapshot_that_is_gone_is_an_error(trained: World) -> None:
    trained.registry.slopes[7] = (0.01, "0123456789abcdef")
    with pytest.raises(TrainingError, match="0123456789abcdef"):
        build(trained, 7)
