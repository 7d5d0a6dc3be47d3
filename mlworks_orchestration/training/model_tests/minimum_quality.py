"""A metric on the held-out rows keeps a bound."""

import numpy as np

from mlworks_orchestration.spec import MinimumQuality
from mlworks_orchestration.training.model_tests.bounds import keeps_bound
from mlworks_orchestration.training.model_tests.record import Finding, Kind, register
from mlworks_orchestration.training.model_tests.subject import Subject


def minimum_quality(subject: Subject, test: MinimumQuality) -> Finding:
    """Compare the metric with its bound: passed if it keeps it, failed if its whole interval does not, else inconclusive.

    Parameters:
        subject: the version.
        test: its declaration.
    """
    rows, confidence = np.arange(subject.rows.height), subject.model.gate.confidence
    return keeps_bound(subject, test, rows, part="", confidence=confidence, generator=subject.generator(test.title))


MINIMUM_QUALITY = register(Kind("minimum_quality", "A metric on the held-out rows keeps a bound.", minimum_quality))
