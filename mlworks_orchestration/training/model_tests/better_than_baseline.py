"""The primary metric is better than that of the best constant."""

import numpy as np

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import BetterThanBaseline
from mlworks_orchestration.training.fit import baseline
from mlworks_orchestration.training.model_tests.comparing import better_than
from mlworks_orchestration.training.model_tests.record import Finding, Kind, register, too_few
from mlworks_orchestration.training.model_tests.subject import Subject
from mlworks_orchestration.training.snapshot import LABEL


def better_than_baseline(subject: Subject, test: BetterThanBaseline) -> Finding:
    """Compare the version with the constant that is best on its training rows.

    Parameters:
        subject: the version.
        test: its declaration.
    """
    if subject.rows.height < test.min_rows:
        return too_few(subject.rows.height, test.min_rows)
    constant = baseline(subject.model, subject.training_rows[LABEL].to_numpy())
    named = f"the best constant, {readable(constant)},"
    return better_than(subject, np.full(subject.rows.height, constant), named, subject.generator(test.title))


BETTER_THAN_BASELINE = register(Kind("better_than_baseline", "The primary metric is better than that of the best constant.", better_than_baseline))
