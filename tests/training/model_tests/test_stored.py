"""The tests that look at what is stored and served: of real versions in a real MLflow."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlworks_orchestration.spec import LOADS_CLEANLY, AnyModelTest, MLModel
from mlworks_orchestration.training import Finding, Subject, registered
from mlworks_orchestration.training.model_tests import loads_cleanly
from mlworks_orchestration.training.model_tests.answering import differences, one_a_row
from mlworks_orchestration.training.model_tests.run import on_the_bench
from mlworks_orchestration.training.model_tests.subject import Stores
from tests.training import estimators
from tests.training.model_tests.bench import Ruled
from tests.training.trips import Deployment, day, declare

LOADS = AnyModelTest(kind=LOADS_CLEANLY)


def on_bench(made: Deployment, number: int, tests: list[dict[str, Any]]) -> tuple[Stores, MLModel, Any]:
    model = declare(model_tests=tests)[1]
    return Stores(made.lake, made.catalog, made.registry), model, made.registry.version("trip_delay", number)


def find(made: Deployment, number: int, **declared: object) -> Finding:
    """Run one test of a version."""
    with on_the_bench(*on_bench(made, number, [declared])) as subject:
        test = subject.model.model_tests[0]
        return registered()[test.kind].run(subject, test)


@contextmanager
def benched(made: Deployment, number: int = 1) -> Iterator[Subject]:
    with on_the_bench(*on_bench(made, number, [{"kind": "serving_parity"}])) as subject:
        yield replace(subject, folder=Path(shutil.copytree(subject.folder, made.home / f"stored-{number}")))


def test_a_slice_on_which_the_champion_is_better_fails(challenged: Deployment) -> None:
    fields = {"kind": "no_slice_worse_than_champion", "slices": ["carrier"], "min_rows": 30}
    better = find(challenged, 2, **fields)
    assert (better.state, "3 of 4 slices against version 1 hold" in better.words) == ("passed", True)
    challenged.registry.promote("trip_delay", 2, why="by hand")
    challenged.fit(day(46.5), declare(estimator="tests.training.estimators:useless", hyperparameters={})[1])
    worse = find(challenged, 3, **fields)
    assert worse.state == "failed"
    assert worse.high is not None
    assert worse.high < 0
    assert find(challenged, 3, **fields, margin=20.0).state == "passed"
    assert find(challenged, 3, **{**fields, "min_rows": 201}).state == "inconclusive"


def test_rows_that_the_champion_was_trained_on_are_left_out(challenged: Deployment) -> None:
    challenged.registry.promote("trip_delay", 2, why="by hand")
    challenged.fit(day(43))
    finding = find(challenged, 3, kind="no_slice_worse_than_champion", slices=["rainy"], min_rows=5)
    assert 0 < sum(part.rows or 0 for part in finding.parts) < 100, "of 200 held-out rows"


def test_the_first_version_has_no_champion_to_be_worse_than(fresh: Deployment) -> None:
    fresh.fit(day(24))
    finding = find(fresh, 1, kind="no_slice_worse_than_champion", slices=["carrier"])
    assert (finding.state, finding.words) == ("passed", "There is no champion yet to be worse than.")


def test_the_bytes_of_the_stored_files_are_counted(challenged: Deployment) -> None:
    run, (budget,) = registered()["size"].run, declare(model_tests=[{"kind": "size", "at_most_mb": 1}])[1].model_tests
    with benched(challenged) as subject:
        small = run(subject, budget)
        (subject.folder / "deep").mkdir()
        (subject.folder / "deep" / "weights").write_bytes(bytes(1_000_000))
        large = run(subject, budget)
    assert (small.state, large.state) == ("passed", "failed")
    assert small.value is not None
    assert large.value == pytest.approx(small.value + 1.0)


def test_exactly_the_bytes_of_the_budget_are_kept_within_it(challenged: Deployment) -> None:
    with benched(challenged) as subject:
        megabytes = sum(path.stat().st_size for path in subject.folder.rglob("*") if path.is_file()) / 1e6
        for budget, state in ((megabytes, "passed"), (megabytes - 1e-6, "failed")):
            (test,) = declare(model_tests=[{"kind": "size", "at_most_mb": budget}])[1].model_tests
            assert registered()["size"].run(subject, test).state == state


def test_rows_alone_and_together_get_the_same_prediction_unless_what_is_stored_is_another_model(challenged: Deployment) -> None:
    assert find(challenged, 1, kind="serving_parity", rows=10).state == "passed"
    run = registered()["serving_parity"].run
    with benched(challenged) as subject:
        other = replace(subject, predictor=replace(subject.predictor, estimator=Ruled(lambda frame: frame["distance"].fillna(0.0))))
        finding = run(other, subject.model.model_tests[0])
        assert (finding.state, finding.words[:30]) == ("failed", "0 of 50 rows have the same pre")

        def apart_in_one(frame: pd.DataFrame) -> Any:
            return np.where(np.arange(len(frame)) == 0, -1.0, subject.predictor.estimator.predict(frame))

        one = run(replace(subject, predictor=replace(subject.predictor, estimator=Ruled(apart_in_one))), subject.model.model_tests[0])
        assert (one.state, one.words[:31]) == ("failed", "49 of 50 rows have the same pre")
        (subject.folder / "MLmodel").unlink()
        gone = run(subject, subject.model.model_tests[0])
        assert (gone.state, "does not answer for a row by itself" in gone.words) == ("failed", True)


@pytest.mark.parametrize(("share", "state"), [(0.95, "passed"), (1.05, "failed")])
def test_predictions_may_be_apart_by_the_tolerance_and_no_more(challenged: Deployment, share: float, state: str) -> None:
    (test,) = declare(model_tests=[{"kind": "serving_parity", "rows": 10, "tolerance": 0.01}])[1].model_tests
    with benched(challenged) as subject:
        served = subject.predicted

        def off(frame: pd.DataFrame) -> Any:
            together = np.asarray(subject.predictor.estimator.predict(frame))
            # The gap is that share of what is allowed for the prediction that it leads to.
            return (together + share * 0.01) / (1 - share * 0.01)

        apart = replace(subject, predictor=replace(subject.predictor, estimator=Ruled(off)))
        finding = registered()["serving_parity"].run(apart, test)
        chosen = np.linspace(0, served.size - 1, 10).astype(int)
    assert served.min() > 0
    assert (finding.state, finding.limit) == (state, 0.01)
    assert finding.value == pytest.approx(float(np.abs(apart.predicted - served)[chosen].max()))


def test_a_prediction_that_depends_on_the_rows_beside_it_fails(fresh: Deployment) -> None:
    fresh.fit(day(24), declare(estimator="tests.training.estimators:sociable", hyperparameters={})[1])
    finding = find(fresh, 1, kind="serving_parity", rows=10)
    assert finding.state == "failed"


def test_a_version_comes_out_again_unless_its_estimator_ignores_the_seed(fresh: Deployment) -> None:
    fresh.fit(day(24))
    assert find(fresh, 1, kind="reproducibility").state == "passed"
    restless = declare(estimator="tests.training.estimators:restless", hyperparameters={}, model_tests=[{"kind": "reproducibility"}])[1]
    fresh.fit(day(25), restless)
    with on_the_bench(Stores(fresh.lake, fresh.catalog, fresh.registry), restless, fresh.registry.version("trip_delay", 2)) as subject:
        finding = registered()["reproducibility"].run(subject, restless.model_tests[0])
    assert (finding.state, "non-determinism" in finding.words) == ("failed", True)


def test_what_cannot_be_read_back_says_nothing_of_what_would_have_come_out(fresh: Deployment) -> None:
    fresh.fit(day(24))
    with benched(fresh) as subject:
        run = fresh.registry.client.get_run(subject.version.run_id)
        Path(run.info.artifact_uri.removeprefix("file://"), "snapshot.json").unlink()
        finding = registered()["reproducibility"].run(subject, subject.model.model_tests[0])
    assert finding.state == "inconclusive"


def test_a_sound_version_loads_in_a_clean_process_and_one_whose_packages_differ_does_not(challenged: Deployment) -> None:
    with benched(challenged) as subject:
        sound = loads_cleanly.loads_cleanly(subject, LOADS)
        assert (sound.state, sound.rows) == ("passed", 5)
        (subject.folder / "requirements.txt").write_text("numpy==0.9\nno-such-package==1.0\n")
        finding = loads_cleanly.loads_cleanly(subject, LOADS)
    assert finding.state == "failed"
    assert f"numpy 0.9 was logged and {np.__version__} is installed; no-such-package 1.0 was logged and is not installed" in finding.words


@pytest.fixture
def only_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class whose module exists in this process alone."""
    module = ModuleType("only_here")
    made = type("Elsewhere", (estimators.Constant,), {"__module__": "only_here"})
    module.Elsewhere = made  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "only_here", module)
    monkeypatch.setattr(estimators, "useless", lambda seed: made(1.0, seed))


@pytest.mark.usefixtures("only_here")
def test_what_only_this_process_can_load_does_not_load_cleanly(fresh: Deployment) -> None:
    fresh.fit(day(24), declare(estimator="tests.training.estimators:useless", hyperparameters={})[1])
    with benched(fresh) as subject:
        assert subject.predicted.size == 200, "it is loaded and predicts here"
        finding = loads_cleanly.loads_cleanly(subject, LOADS)
    assert finding.state == "failed"
    assert "only_here" in finding.words


def test_a_clean_process_that_does_not_answer_in_time_or_ends_early_fails_with_the_reason(
    challenged: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with benched(challenged) as subject:
        monkeypatch.setattr(loads_cleanly, "_SECONDS", 0.01)
        assert "it did not answer within 0.01 seconds" in loads_cleanly.loads_cleanly(subject, LOADS).words
        monkeypatch.setattr(loads_cleanly, "_SECONDS", 60)
        (tmp_path / "sitecustomize.py").write_text("import os, sys; sys.stderr.write('no room'); sys.stderr.flush(); os._exit(3)")
        monkeypatch.syspath_prepend(tmp_path)
        assert "it ended with exit code 3; no room" in loads_cleanly.loads_cleanly(subject, LOADS).words


def test_what_a_process_prints_before_it_answers_does_not_hide_the_answer(
    challenged: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('loading …')")
    monkeypatch.syspath_prepend(tmp_path)
    with benched(challenged) as subject:
        assert loads_cleanly.loads_cleanly(subject, LOADS).state == "passed"


ANSWERS = [([1.0, float("nan")], "failed"), ([], "failed"), ([float("inf")], "failed"), ([1.0, 2.0], "passed")]


@pytest.mark.parametrize(("answers", "state"), ANSWERS)
def test_each_answer_must_be_a_finite_number(challenged: Deployment, monkeypatch: pytest.MonkeyPatch, answers: list[float], state: str) -> None:
    program = challenged.home / "answering.py"
    program.write_text(f"import json; print(json.dumps({{'answers': {answers!r}}}))".replace("nan", "float('nan')").replace("inf", "float('inf')"))
    monkeypatch.setattr(loads_cleanly.answering, "__file__", str(program))
    with benched(challenged) as subject:
        assert loads_cleanly.loads_cleanly(subject, LOADS).state == state


def test_requirements_are_compared_by_name_and_version() -> None:
    assert differences(f"numpy=={np.__version__}\npandas[all]=={pd.__version__} ; python_version > '3'\nscipy>=1\n") == []
    assert differences("pandas[all]==0.1\n") == [f"pandas 0.1 was logged and {pd.__version__} is installed"]
    assert one_a_row(pd.DataFrame([[0.2, 0.8]])).tolist() == [0.8]
    assert one_a_row([1, 2]).tolist() == [1.0, 2.0]
