"""A metric keeps a bound on every slice."""

from mlworks_orchestration.spec import SliceQuality
from mlworks_orchestration.training.model_tests.bounds import keeps_bound
from mlworks_orchestration.training.model_tests.record import Finding, Kind, register, together
from mlworks_orchestration.training.model_tests.subject import Subject


def slice_quality(subject: Subject, test: SliceQuality) -> Finding:
    """Compare the metric with its bound on each slice; a slice with too few rows cannot be told.

    So that the chance of failing by chance is that of one interval however many slices there are, the intervals' tails are divided by the number
    of slices that have enough rows (Bonferroni).

    Parameters:
        subject: the version.
        test: its declaration.
    """
    parts, generator = list(subject.parts(test.slices)), subject.generator(test.title)
    told = max(1, sum(part.rows.size >= test.min_rows for part in parts))
    confidence = 1 - (1 - subject.model.gate.confidence) / told
    found = [keeps_bound(subject, test, part.rows, part=part.name, confidence=confidence, generator=generator) for part in parts]
    return together(found, "slices")


SLICE_QUALITY = register(Kind("slice_quality", "A metric keeps a bound on every slice.", slice_quality))
