"""How a version stands with its tests: what holds it back, and what was not tested."""

from collections.abc import Mapping
from textwrap import shorten

from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training.model_tests.results import Result, required_tests, results


def untested(lake: Lake, model: MLModel, version: int) -> list[str]:
    """Return the names of the tests that are declared and that a version has no result of; that it loads cleanly is always asked for.

    Parameters:
        lake: where results are.
        model: the model's declaration.
        version: its number.
    """
    known = results(lake, model.name, version)
    return [test.title for test in required_tests(model) if test.title not in known]


def held_back(lake: Lake, model: MLModel, version: int) -> str:
    """Return why its tests keep a version from serving, in words; nothing if they do not.

    A test of severity `error` that failed holds it back, and so does one that cannot tell: what is not known to hold is not promoted. The severity
    is that of today's declaration; a test that is not declared any more holds nothing back.

    Parameters:
        lake: where results are.
        model: the model's declaration.
        version: its number.
    """
    return obstacle_of(model, results(lake, model.name, version))


def obstacle_of(model: MLModel, known: Mapping[str, Result]) -> str:
    """Return why results keep a version from serving, in words; nothing if they do not.

    Parameters:
        model: the model's declaration.
        known: what its tests found, by the test's name.
    """
    grave = [known[test.title] for test in required_tests(model) if test.severity == "error" and test.title in known]
    said = [
        f"{result.test} {_VERBS[result.finding.state]}: {shorten(result.finding.words, _LONGEST, placeholder=' …')}"
        for result in grave
        if not result.holds
    ]
    return f"Held back by its model tests: {' '.join(said)}" if said else ""


def require_tested(lake: Lake, model: MLModel, version: int) -> None:
    """Refuse a version of which a test has no result.

    Parameters:
        lake: where results are.
        model: the model's declaration.
        version: its number.

    Raises:
        TrainingError: naming the tests and the remedy.
    """
    if missing := untested(lake, model, version):
        message = (
            f"Model {model.name} version {version} was not tested: {', '.join(missing)}. What was not tested is not promoted; "
            f"materialise {model.name}/champion, which runs what is missing first."
        )
        raise TrainingError(message)


# MLflow keeps at most 5000 characters of a verdict's reason; the whole words are in the lake.
_LONGEST = 250
_VERBS = {"failed": "failed", "inconclusive": "cannot tell"}
