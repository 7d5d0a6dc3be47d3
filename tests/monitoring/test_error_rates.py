"""How often a model's alarms are wrong, measured on its own data."""

from datetime import timedelta

import numpy as np
import pytest

from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.monitoring import build_reference
from mlworks_orchestration.monitoring.drift import Blocks, ColumnKey, Profile, compare, summarise
from mlworks_orchestration.monitoring.error_rates import (
    ErrorRates,
    error_rates_page,
    error_rates_words,
    kind_words,
    measure_error_rates,
    power_tables,
    read_error_rates,
    record_error_rates,
    remarks,
)
from mlworks_orchestration.monitoring.error_rates.injections import INJECTIONS, Column, Injection
from mlworks_orchestration.monitoring.error_rates.planting import Part, parts_of
from mlworks_orchestration.monitoring.error_rates.verdicts import Verdicts, alarms
from mlworks_orchestration.monitoring.unseen import snapshot_rows
from mlworks_orchestration.spec import Drift, DriftKind, Retraining
from tests.scoring.world import World, empty_world

DISTANCE, CARRIER = ColumnKey(DriftKind.FEATURE, "distance"), ColumnKey(DriftKind.FEATURE, "carrier")


def month(world: World) -> World:
    """Fill a world with a month of days, all alike, and a version that was trained on 28 of them."""
    world.model = world.model.model_copy(update={"retraining": Retraining(window=timedelta(days=28), holdout=timedelta(days=2))})
    world.add_days(0, 32)
    world.add_labels(0, 32)
    world.train(32, 0.01)
    return world


def measured(world: World, version: int = 1) -> ErrorRates:
    return measure_error_rates(world.lake, world.catalog, world.model, world.registry, version)


@pytest.fixture
def trained(world: World) -> World:
    """Return such a world."""
    return month(world)


@pytest.fixture(scope="module")
def rates(tmp_path_factory: pytest.TempPathFactory) -> ErrorRates:
    """Return the error rates of its version."""
    return measured(month(empty_world(tmp_path_factory.mktemp("month") / "lake")))


def power(rates: ErrorRates, kind: DriftKind, injection: str, size: float, column: str = "") -> float:
    found = [one for one in rates.of(kind, "column" if column else "one") if (one.injection, one.size, one.column) == (injection, size, column)]
    assert len(found) == 1
    return found[0].power


def test_where_all_days_are_alike_false_alarms_are_about_as_rare_as_declared(rates: ErrorRates) -> None:
    assert [one.kind for one in rates.false_alarms] == list(DriftKind)
    for one in rates.false_alarms:
        assert one.declared == 0.5
        assert one.drawn.a_year < 4 * one.declared
        assert one.drawn.years > 100
        assert one.held_out is not None
        assert one.held_out.alarming <= 3
        assert one.held_out.interval.low <= one.declared


def test_the_larger_a_shift_the_more_of_its_windows_alarm(rates: ErrorRates) -> None:
    for kind in DriftKind:
        moved = [one.power for one in rates.of(kind) if one.injection == "mean"]
        assert len(moved) == 5
        assert moved == sorted(moved)
        assert moved[0] < 0.5
    assert power(rates, DriftKind.FEATURE, "mean", 1.0, "distance") == 1.0
    assert power(rates, DriftKind.LABEL, "mean", 1.0) == 1.0


def test_large_shifts_are_found_soon_and_what_is_hardly_a_shift_never(rates: ErrorRates) -> None:
    found = {(one.column, one.injection, one.size): one for one in rates.of(DriftKind.FEATURE, "column")}
    gone = found["distance", "missing", 0.25]
    assert (gone.median, gone.slowest, gone.never) == (1, 1, 0.0)
    recoded = found["carrier", "recode", 0.5]
    assert recoded.power > 0.95
    assert recoded.median is not None
    assert recoded.median <= 3
    small = found["distance", "mean", 0.1]
    assert small.power < 0.2
    assert small.median is None
    assert small.never > 0.5


def test_power_has_an_interval_around_it(rates: ErrorRates) -> None:
    assert all(0 <= one.low <= one.power <= one.high <= 1 and one.high - one.low < 0.11 for one in rates.powers)


def test_the_same_seed_gives_the_same_again(trained: World, rates: ErrorRates) -> None:
    again = measured(trained)
    assert again.powers == rates.powers
    assert again.false_alarms == rates.false_alarms


def test_a_past_whose_halves_differ_is_said_to_alarm_when_one_half_is_all_that_is_known(world: World) -> None:
    world.model = world.model.model_copy(update={"retraining": Retraining(window=timedelta(days=28), holdout=timedelta(days=2))})
    world.add_days(0, 15)
    world.add_days(16, 32, distance=1400)
    world.add_labels(0, 32)
    world.train(32, 0.01)
    rates = measured(world)
    feature = rates.false_alarms[0].held_out
    assert feature is not None
    assert feature.alarming > 0.7 * feature.windows
    assert feature.interval.low > 0.5
    assert any(remark.startswith("Feature drift: with half the past as reference, ") for remark in remarks(rates))
    assert "with half the past as reference" in kind_words(rates, DriftKind.FEATURE)


def test_the_past_must_have_five_partitions(world: World) -> None:
    world.model = world.model.model_copy(update={"retraining": Retraining(window=timedelta(days=4), holdout=timedelta(days=1))})
    world.add_days(0, 9)
    world.add_labels(0, 9)
    world.train(9, 0.01)
    with pytest.raises(NotReadyError, match=r"version 1 was trained on 4 partitions, .* learnt from 5 or more.*Lengthen retraining\.window"):
        measured(world)


def test_of_a_past_too_short_to_be_halved_nothing_is_held_out(world: World) -> None:
    world.add_days(0, 9)
    world.add_labels(0, 9)
    world.train(9, 0.01)
    rates = measured(world)
    assert [one.held_out for one in rates.false_alarms] == [None] * 4
    assert any("too short to set thresholds on one half" in remark for remark in remarks(rates))


def test_k_of_n_takes_longer(trained: World, rates: ErrorRates) -> None:
    trained.model = trained.model.model_copy(update={"drift": trained.model.drift.model_copy(update={"violations": 3, "of": 4})})
    slower = measured(trained)
    for before, after in zip(rates.of(DriftKind.FEATURE, "all"), slower.of(DriftKind.FEATURE, "all"), strict=True):
        if before.median is not None and before.power == 1.0:
            assert after.power == 1.0
            assert after.median is not None
            assert after.median >= 3


def injection(name: str, size: float) -> Injection:
    return next(one for one in INJECTIONS if (one.name, one.size) == (name, size))


@pytest.mark.parametrize(
    ("name", "size", "key"), [("mean", 0.2, DISTANCE), ("mean", 0.3, DISTANCE), ("recode", 0.1, CARRIER), ("missing", 0.05, DISTANCE)]
)
def test_verdicts_are_those_of_compare(trained: World, name: str, size: float, key: ColumnKey) -> None:
    reference = build_reference(trained.lake, trained.catalog, trained.model, trained.registry, 1)
    rows = snapshot_rows(trained.lake, trained.catalog, trained.model, trained.registry, 1)
    part = next(parts_of(trained.catalog, trained.model, reference, rows, np.random.default_rng(0)))
    days, shifted = profiles(part, key, injection(name, size))
    fast, slow = fast_verdicts(part, trained.model.drift, key, shifted), []
    for order, _ in zip(part.histories.order, range(60), strict=False):
        window = Profile.merged([*(days[day] for day in order[-3:-1]), shifted[order[-1]]])
        found = compare(reference.training, window, trained.model.drift)
        slow.append(bool(summarise(found, DriftKind.FEATURE, trained.model.drift).drifted))
    assert np.mean(fast[:60] == np.array(slow)) >= 0.95
    assert 0 < np.mean(slow) < 1 or np.all(fast[:60] == slow)


def profiles(part: Part, key: ColumnKey, change: Injection) -> tuple[list[Profile], list[Profile]]:
    """Return the profiles of all days, and the same with one column shifted."""
    generator = np.random.default_rng(1)
    names = {name: one for one, name in part.columns.names.items()}
    column = Column.of(part.profile.columns[key], part.columns.frame[key.column])
    days = part.columns.frame.partition_by("_partition", maintain_order=True)
    changed = [day.with_columns(change.change(day[key.column], column, generator).alias(key.column)) for day in days]
    return [Profile.of(day, names) for day in days], [Profile.of(day, names) for day in changed]


def fast_verdicts(part: Part, drift: Drift, key: ColumnKey, shifted: list[Profile]) -> np.ndarray:
    """Return whether the last window of each history alarms, if its last day alone is shifted."""
    verdicts = Verdicts(part.blocks, part.normal, drift, part.histories)
    counts = Blocks.of(part.profile, shifted).columns[key].counts
    tests = []
    for one, column in part.blocks.columns.items():
        if one.kind is DriftKind.FEATURE:
            change = counts if one == key else column.counts
            tests += verdicts.tests(one, part.histories.counts(column.counts, change, part.histories.order.shape[1] - 1))
    found: np.ndarray = alarms(tests, drift.significance).reshape(part.histories.phases.shape)[:, -1]
    return found


def test_what_was_measured_is_read_back_as_it_was(trained: World, rates: ErrorRates) -> None:
    record_error_rates(trained.lake, rates)
    assert read_error_rates(trained.lake, trained.model, 1) == rates
    assert read_error_rates(trained.lake, trained.model, 2) is None


def test_measured_again_it_replaces_what_was_there(trained: World, rates: ErrorRates) -> None:
    record_error_rates(trained.lake, rates)
    rows = trained.lake.read("delay/error_rates").height
    record_error_rates(trained.lake, rates)
    assert trained.lake.read("delay/error_rates").height == rows


def test_of_another_declaration_of_drift_nothing_is_known(trained: World, rates: ErrorRates) -> None:
    record_error_rates(trained.lake, rates)
    trained.model = trained.model.model_copy(update={"drift": trained.model.drift.model_copy(update={"min_effect": 0.2})})
    assert read_error_rates(trained.lake, trained.model, 1) is None
    assert error_rates_words(trained.lake, trained.model, 1, DriftKind.LABEL) == ""


def test_a_report_can_say_them_in_a_sentence(trained: World, rates: ErrorRates) -> None:
    assert error_rates_words(trained.lake, trained.model, 1, DriftKind.FEATURE) == ""
    record_error_rates(trained.lake, rates)
    words = error_rates_words(trained.lake, trained.model, 1, DriftKind.LABEL)
    assert words.startswith("label: 0.5 false alarms a year declared, ")
    assert "a shift of 0.5 sigma in the label is found in 100% of windows, after " in words
    assert "one feature" in error_rates_words(trained.lake, trained.model, 1, DriftKind.FEATURE)
    assert "the residual" in error_rates_words(trained.lake, trained.model, 1, DriftKind.CONCEPT)


def test_json_holds_every_shift_and_both_ways_of_counting_false_alarms(rates: ErrorRates) -> None:
    document = rates.to_dict()
    assert len(document["shifts"]) == len(rates.powers)
    assert {"kind", "injection", "size", "scope", "column", "power", "low", "high", "median", "slowest", "never"} == set(document["shifts"][0])
    assert [one["kind"] for one in document["false_alarms"]] == list(DriftKind)
    assert document["false_alarms"][0]["drawn"]["low"] <= document["false_alarms"][0]["drawn"]["a_year"]
    assert document["measured_on"]["seed"] == rates.seed


def test_the_page_draws_a_line_a_kind_without_any_script(rates: ErrorRates) -> None:
    page = error_rates_page(rates)
    assert "<script" not in page
    assert "src=" not in page
    assert page.count("<svg") == len(power_tables(rates)) == 6
    assert "Each feature by itself" in page
    assert all(word in page for word in ("one feature", "all features", "prediction", "residual", "Clopper and Pearson"))


def test_progress_is_told_up_to_the_end(trained: World) -> None:
    told: list[tuple[int, int]] = []
    measure_error_rates(trained.lake, trained.catalog, trained.model, trained.registry, 1, report=lambda done, total, _: told.append((done, total)))
    done = [step for step, _ in told]
    assert done == sorted(done)
    assert told[-1][0] == told[-1][1]
    assert len(done) > 50
