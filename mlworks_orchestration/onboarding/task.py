"""What kind of prediction a label asks for."""

import polars as pl

from mlworks_orchestration.errors import DataError, DeclarationError, nearest
from mlworks_orchestration.onboarding.reading import Table, check_not_mixed
from mlworks_orchestration.onboarding.render import quoted
from mlworks_orchestration.onboarding.request import Request, UndecidedError, near
from mlworks_orchestration.spec import CLASSIFICATION

METRICS_OF: dict[str, tuple[str, list[str]]] = {
    "regression": ("mae", ["rmse", "r2"]),
    "binary": ("pr_auc", ["roc_auc", "f1", "log_loss"]),
    "text": ("roc_auc", ["pr_auc", "f1", "log_loss"]),
    "forecast": ("rmse", ["mase", "mae", "smape"]),
}
"""The metrics that are declared for a task that can be begun from a file: the primary, and others."""

_TWO = 2
_FEWEST_OF_A_CLASS = 30


def label_column(table: Table, request: Request) -> pl.Series:
    """Return the values of the label.

    Parameters:
        table: the data.
        request: names the label.

    Raises:
        UndecidedError: if it is not named.
        DataError: if there is no such column, or it says nothing that can be learned.
    """
    columns = table.rows.columns
    if not request.label:
        message = f"Which column is to be predicted? Pass --label COLUMN; {near('label', columns)}."
        raise UndecidedError(message, field="label", choices=columns)
    if request.label not in columns:
        message = f"{table.path} has no column {request.label!r} for --label; {near(request.label, columns)}."
        raise DataError(message)
    check_not_mixed(table, request.label, always=True)
    label = table.rows[request.label]
    if label.null_count() == len(label):
        message = f"Column {request.label!r} of {table.path} never has a value, so there is nothing to learn from. Name another one with --label."
        raise DataError(message)
    if label.n_unique() - bool(label.null_count()) == 1:
        message = (
            f"Column {request.label!r} of {table.path} is {label.drop_nulls()[0]!r} in every row: one class only, nothing to tell apart. "
            "Get rows of the others too, or name another column with --label."
        )
        raise DataError(message)
    return label


def task_of(label: pl.Series, request: Request) -> str:
    """Return the task, as it was asked for or as the label has it: 0 and 1, true and false, two words, or one word and all others are a yes or no.

    What the other columns say further is for `columns.texts` and `series.series_of`: a yes or no of texts, a number that is to be forecast.

    Parameters:
        label: its values.
        request: may name the task.

    Raises:
        DeclarationError: if there is no such task, or the label is not of it.
        DataError: if the label is neither a number nor a yes or no.
    """
    if request.task and request.task not in METRICS_OF:
        message = f"Task {request.task!r} is none; {nearest(request.task, METRICS_OF)}."
        raise DeclarationError(message)
    values = label.drop_nulls().unique(maintain_order=True)
    is_number = label.dtype.is_numeric()
    is_yes_or_no = _is_yes_or_no(label, values, request)
    if not is_yes_or_no and (not is_number or request.task in CLASSIFICATION):
        shown = ", ".join(repr(value) for value in values.head(3).to_list())
        message = (
            f"Label {label.name!r} is a {label.dtype} with values such as {shown}; a number is needed, or 0 and 1, true and false, or two words. "
            "Write the column so, say with --positive which value is to be told from all others, or name another column with --label."
        )
        raise DataError(message)
    fitting = CLASSIFICATION if is_yes_or_no and not is_number else METRICS_OF
    return request.task if request.task in fitting else "binary" if is_yes_or_no else "regression"


def _is_yes_or_no(label: pl.Series, values: pl.Series, request: Request) -> bool:
    if label.dtype.is_numeric():
        return bool(values.cast(pl.Float64()).is_in([0.0, 1.0]).all())
    return label.dtype == pl.Boolean() or (label.dtype == pl.String() and (len(values) == _TWO or bool(request.positive)))


def label_expression(label: pl.Series, task: str, request: Request) -> str:
    """Return the text of the polars expression that makes a label of the file's column; nothing if it is one as it is.

    Parameters:
        label: its values.
        task: of the model.
        request: may say which word means 1; all others mean 0.

    Raises:
        DataError: if there is no such word, or too few rows are of one class.
        UndecidedError: if it does not say.
    """
    if task not in CLASSIFICATION:
        return ""
    column = f"pl.col({quoted(label.name)})"
    expression = "" if label.dtype == pl.Boolean() or label.dtype.is_integer() else f"{column}.cast(pl.Int64())"
    if label.dtype == pl.String():
        expression = f"{column}.eq({quoted(_positive(label, request))})"
        label = label.eq(request.positive)
    fewest = int(label.drop_nulls().value_counts()["count"].to_numpy().min())
    if fewest < _FEWEST_OF_A_CLASS:
        message = (
            f"Label {label.name!r} has {fewest} rows of its rarer class; at least {_FEWEST_OF_A_CLASS} are needed, so that training, holdout and "
            "windows each have some. Get more rows of it."
        )
        raise DataError(message)
    return expression


def _positive(label: pl.Series, request: Request) -> str:
    values = sorted(label.drop_nulls().unique().to_list())
    if not request.positive:
        message = f"Label {label.name!r} is {values[0]!r} or {values[1]!r}: which of them is to be predicted? Pass --positive."
        raise UndecidedError(message, field="positive", choices=values)
    if request.positive not in values:
        message = f"Label {label.name!r} is never {request.positive!r}; --positive: {nearest(request.positive, values)}."
        raise DataError(message)
    return request.positive
