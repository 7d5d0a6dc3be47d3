"""The batch path and the online path give the same predictions."""

import numpy as np

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import ServingParity
from mlworks_orchestration.training.matrix import design_matrix
from mlworks_orchestration.training.measure import Vector
from mlworks_orchestration.training.model_tests.answering import one_a_row
from mlworks_orchestration.training.model_tests.record import Finding, Kind, register
from mlworks_orchestration.training.model_tests.subject import Subject
from mlworks_orchestration.training.wording import in_short


def serving_parity(subject: Subject, test: ServingParity) -> Finding:
    """Ask the logged model, as MLflow serves it, for rows one at a time, and compare with the predictions of all rows together.

    Rows are spread evenly over those held out.

    Parameters:
        subject: the version.
        test: its declaration.
    """
    chosen = np.unique(np.linspace(0, subject.rows.height - 1, min(test.rows, subject.rows.height)).astype(int))
    try:
        online = _online(subject, chosen)
    except Exception as error:  # noqa: BLE001 - whatever the logged model raises is what the test looks for
        return Finding("failed", f"The logged model does not answer for a row by itself: {in_short(error)}.", rows=chosen.size)
    gaps = np.abs(online - subject.predicted[chosen])
    allowed = test.tolerance * (1 + np.abs(subject.predicted[chosen]))
    apart = ~(gaps <= allowed)
    same = f"{chosen.size - apart.sum():,} of {chosen.size:,} rows have the same prediction alone as together"
    words = f"{same}; the largest difference is {readable(gaps.max())}."
    return Finding(
        "failed" if apart.any() else "passed", words, float(gaps.max()), limit=test.tolerance, rows=chosen.size, metric="largest difference"
    )


def _online(subject: Subject, chosen: np.ndarray) -> Vector:
    from mlflow.pyfunc import load_model  # noqa: PLC0415 - heavy

    served = load_model(str(subject.folder))
    frame = design_matrix(subject.rows, subject.predictor.columns, asked_by=f"Model {subject.model.name}")
    return np.array([one_a_row(served.predict(frame.iloc[[row]]))[0] for row in chosen.tolist()])


SERVING_PARITY = register(Kind("serving_parity", "The batch path and the online path give the same predictions.", serving_parity))
