"""The primary metric is better than that of a simpler model, fitted on the same rows."""

from typing import TYPE_CHECKING, Any

from mlworks_orchestration.spec import BetterThanSimpler, ColumnType, load_object
from mlworks_orchestration.training.estimator import build_estimator, fit_estimator
from mlworks_orchestration.training.matrix import design_matrix
from mlworks_orchestration.training.model_tests.comparing import better_than
from mlworks_orchestration.training.model_tests.record import Finding, Kind, register, too_few
from mlworks_orchestration.training.model_tests.subject import Subject
from mlworks_orchestration.training.predictor import predictions
from mlworks_orchestration.training.snapshot import LABEL

if TYPE_CHECKING:
    import pandas as pd

_MOST_CATEGORIES = 50
_MOST_WORDS = 20_000


def better_than_simpler(subject: Subject, test: BetterThanSimpler) -> Finding:
    """Compare the version with a simpler model: the declared one, or a linear model (logistic for a probability) of all features.

    Parameters:
        subject: the version.
        test: its declaration.

    Raises:
        TrainingError: if the simpler model cannot be made or fitted, or does not predict.
    """
    if subject.rows.height < test.min_rows:
        return too_few(subject.rows.height, test.min_rows)
    model, columns, who = subject.model, subject.predictor.columns, f"Model {subject.model.name}: the simpler model of the test {test.title}"
    if test.estimator is None:
        simpler, named = linear(subject), "the linear model"
    else:
        declared = model.model_copy(update={"estimator": test.estimator, "hyperparameters": {}})
        simpler, named = build_estimator(declared, load_object(test.estimator, field=f"{who}: estimator")), test.estimator
    rows = subject.training_rows
    fit_estimator(model, simpler, design_matrix(rows, columns, asked_by=who), rows[LABEL].to_numpy())
    return better_than(subject, predictions(simpler, subject.rows, columns, who), named, subject.generator(test.title))


def linear(subject: Subject) -> Any:  # noqa: ANN401 - scikit-learn has no type for it
    """Return an unfitted linear model with a little shrinkage: numbers standardised, gaps filled with the mean; categories one-hot; texts by TF-IDF.

    Parameters:
        subject: the version; its task and the types of its features are used.
    """
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415 - heavy
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.impute import SimpleImputer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression, Ridge  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler  # noqa: PLC0415

    texts, categories, numbers = _by_type(subject)
    # A category that training has not seen counts as one of the rare ones.
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=_MOST_CATEGORIES)
    words = make_pipeline(FunctionTransformer(_present), TfidfVectorizer(max_features=_MOST_WORDS, sublinear_tf=True))
    prepared = ColumnTransformer(
        [
            ("categories", encoder, categories),
            ("numbers", make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler()), numbers),
            *((f"words of {name}", words, name) for name in texts),
        ]
    )
    return make_pipeline(prepared, LogisticRegression(max_iter=1000, random_state=subject.model.seed) if subject.model.classifies else Ridge())


def _by_type(subject: Subject) -> tuple[list[str], list[str], list[str]]:
    """Return the features that are texts, categories and numbers."""
    tables = subject.stores.catalog.tables
    types = {name: tables[selection.table].columns[name].type for selection in subject.model.features for name in selection.columns}
    texts = [name for name in subject.predictor.columns if types[name] is ColumnType.TEXT]
    categories = [name for name in subject.predictor.columns if types[name] is ColumnType.STRING]
    return texts, categories, [name for name in subject.predictor.columns if name not in {*texts, *categories}]


def _present(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Take a missing text for one without words."""
    return texts.fillna("")


BETTER_THAN_SIMPLER = register(
    Kind("better_than_simpler", "The primary metric is better than that of a simpler model, fitted on the same rows.", better_than_simpler)
)
