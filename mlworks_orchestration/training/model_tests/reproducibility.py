"""Fitted again on the same snapshot with the same seed, the version comes out the same."""

from mlworks_orchestration.spec import Reproducibility
from mlworks_orchestration.training.model_tests.record import Finding, Kind, register
from mlworks_orchestration.training.model_tests.subject import Subject
from mlworks_orchestration.training.reproduce import reproduce


def reproducibility(subject: Subject, test: Reproducibility) -> Finding:
    """Fit the version again and compare metrics and predictions with what was logged.

    Parameters:
        subject: the version.
        test: its declaration.
    """
    del test
    found = reproduce(subject.stores.lake, subject.stores.catalog, subject.model, subject.stores.registry, subject.version.version)
    # What cannot be read back says nothing of what would have come out.
    unknown = not found.equal and found.causes[0].kind == "unavailable"
    return Finding("passed" if found.equal else "inconclusive" if unknown else "failed", found.verdict, rows=found.rows)


REPRODUCIBILITY = register(
    Kind("reproducibility", "Fitted again on the same snapshot with the same seed, the version comes out the same.", reproducibility)
)
