"""Models of other libraries, as estimators: what they answer, how they are stored, and what they refuse."""

import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone

from mlworks_orchestration import clock
from mlworks_orchestration.spec import LOADS_CLEANLY
from mlworks_orchestration.training import reproduce, run_tests
from mlworks_orchestration.training.adapters import PyfuncClassifier, PyfuncRegressor
from tests.training.trips import Deployment, day, declare

ROWS = pd.DataFrame({"distance": [1.0, 4.0, 9.0]})
MADE = textwrap.dedent("""
    import sys
    import mlflow

    class Squares(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input["distance"].fillna(0).to_numpy() ** 2 / 81

    mlflow.pyfunc.save_model(sys.argv[1], python_model=Squares(), pip_requirements=[])
""")

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own, of its own code


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A model of the squares by 81, stored by a process that knows nothing of this project."""
    folder = tmp_path_factory.mktemp("made") / "model"
    subprocess.run([sys.executable, "-W", "ignore", "-c", MADE, str(folder)], check=True, capture_output=True, cwd=folder.parent)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_it_answers_as_the_model_does_also_when_that_is_gone_from_where_it_was(made: Path, tmp_path: Path) -> None:
    elsewhere = Path(shutil.copytree(made, tmp_path / "model"))
    model = PyfuncRegressor(str(elsewhere)).fit(ROWS, np.zeros(3))
    stored = skops.io.dumps(model)
    shutil.rmtree(elsewhere)
    types = skops.io.get_untrusted_types(data=stored)
    assert types == ["mlworks_orchestration.training.adapters.pyfunc.PyfuncRegressor"]
    loaded = skops.io.loads(stored, trusted=types)
    assert loaded.predict(ROWS).tolist() == [1 / 81, 16 / 81, 1.0]
    assert not hasattr(clone(loaded), "files_")


def test_fitted_twice_it_is_the_same_to_the_last_byte(made: Path) -> None:
    first, second = (PyfuncRegressor(str(made)).fit(ROWS, np.zeros(3)).files_ for _ in range(2))
    assert np.array_equal(first, second)


def test_a_yes_or_no_has_the_probabilities_of_both_answers(made: Path) -> None:
    model = PyfuncClassifier(str(made)).fit(ROWS, np.zeros(3))
    assert model.predict_proba(ROWS)[:, 1] == pytest.approx([1 / 81, 16 / 81, 1.0])
    assert model.predict_proba(ROWS).sum(axis=1) == pytest.approx(1)
    assert model.predict(ROWS).tolist() == [0, 0, 1]


def test_numbers_that_are_no_probabilities_are_refused(made: Path) -> None:
    model = PyfuncClassifier(str(made)).fit(ROWS, np.zeros(3))
    with pytest.raises(ValueError, match=r"gives numbers from 1\.235 to 1\.235; probabilities are between 0 and 1"):
        model.predict_proba(pd.DataFrame({"distance": [10.0]}))


@pytest.mark.parametrize("kind", ["boosted", "made_elsewhere"])
def test_it_is_fitted_tested_for_loading_and_reproduced_like_any_other(fresh: Deployment, made: Path, kind: str) -> None:
    given = {"uri": str(made)} if kind == "made_elsewhere" else {}
    catalog, model = declare(estimator=f"tests.training.estimators:{kind}", hyperparameters=given)
    fitted = fresh.fit_untested(day(40), model)
    with clock.replaying(day(40)):
        found = {result.test: result for result in run_tests(fresh.lake, catalog, model, fresh.registry, fitted.version)}
    assert found[LOADS_CLEANLY].finding.state == "passed", found[LOADS_CLEANLY].finding.words
    told = reproduce(fresh.lake, catalog, model, fresh.registry, fitted.version)
    assert told.exact, told
