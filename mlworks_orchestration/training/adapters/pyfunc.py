"""Models that were made elsewhere: any that MLflow loads as a pyfunc."""

import io
import tarfile
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from mlworks_orchestration.numerals import readable

if TYPE_CHECKING:
    import pandas as pd

Vector = npt.NDArray[np.float64]


class _Pyfunc(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What both have: the model's files, kept whole, so that a version serves and is reproduced also when they are gone from where they were."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def fit(self, X: "pd.DataFrame", y: npt.ArrayLike) -> Self:  # noqa: N803 - scikit-learn's names
        """Take in the model as it is; the rows change nothing.

        Parameters:
            X: of shape (rows, features).
            y: of shape (rows,).

        Raises:
            MlflowException: if there is no model at the address.
        """
        from mlflow.artifacts import download_artifacts  # noqa: PLC0415 - heavy

        del X, y
        with TemporaryDirectory() as folder:
            self.files_ = np.frombuffer(_packed(Path(download_artifacts(self.uri, dst_path=folder))), dtype=np.uint8)
        return self

    def _answer(self, rows: "pd.DataFrame") -> npt.NDArray[np.float64]:
        return np.asarray(_loaded(self.files_.tobytes()).predict(rows), dtype=np.float64)


class PyfuncRegressor(RegressorMixin, _Pyfunc):  # type: ignore[misc]  # as above
    """A regression or forecast by a model that MLflow loads as a pyfunc: it is scored, watched and judged like any other, and never fitted.

    To load it runs the code that it brings, as MLflow does.

    Parameters:
        uri: of the model: a folder, `models:/NAME/VERSION`, or `runs:/RUN/model`. Name a version and no alias, so that the same snapshot gives the
            same model.

    Examples:
        >>> PyfuncRegressor("models:/fares/3").get_params()
        {'uri': 'models:/fares/3'}
    """

    def predict(self, X: "pd.DataFrame") -> Vector:  # noqa: N803 - as above
        """Return a number a row, of shape (rows,)."""
        return self._answer(X).reshape(-1)


class PyfuncClassifier(ClassifierMixin, _Pyfunc):  # type: ignore[misc]  # as above
    """A yes or no by a model that MLflow loads as a pyfunc and that gives P(label = 1), or the probabilities of 0 and 1.

    Parameters:
        uri: as of `PyfuncRegressor`.
    """

    classes_ = np.array([0, 1])

    def predict_proba(self, X: "pd.DataFrame") -> Vector:  # noqa: N803 - as above
        """Return the probabilities of 0 and 1, of shape (rows, 2).

        Raises:
            ValueError: if what the model gives are no probabilities.
        """
        given = self._answer(X)
        likely = given[:, -1] if given.ndim > 1 else given
        if not ((likely >= 0) & (likely <= 1)).all():
            message = (
                f"the model at {self.uri} gives numbers from {readable(likely.min())} to {readable(likely.max())}; probabilities are between 0 and 1"
            )
            raise ValueError(message)
        return np.column_stack([1 - likely, likely])

    def predict(self, X: "pd.DataFrame") -> npt.NDArray[np.int64]:  # noqa: N803 - as above
        """Return 0 or 1 a row, of shape (rows,)."""
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(np.int64)  # noqa: PLR2004 - the more likely of two


def _packed(folder: Path) -> bytes:
    """Return a folder's files as a tar archive, the same for the same files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@lru_cache(maxsize=4)
def _loaded(files: bytes) -> Any:  # noqa: ANN401 - MLflow's, whose type is imported with MLflow
    from mlflow.pyfunc import load_model  # noqa: PLC0415 - heavy

    with TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(files)) as archive:
            archive.extractall(folder, filter="data")
        return load_model(folder)
