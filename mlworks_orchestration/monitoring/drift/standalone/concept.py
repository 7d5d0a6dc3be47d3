"""What label, prediction and features tell together: residuals and relations, by which concept drift is compared."""

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from mlworks_orchestration.monitoring.drift.profiles.columns import ColumnProfile
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey
from mlworks_orchestration.monitoring.drift.profiles.relations import RelationProfile
from mlworks_orchestration.spec import DriftKind

LABEL, PREDICTION = "label", "prediction"
"""What the two columns are called while they are held against each other: their own names might be patterns to polars."""

_TEXTS = (pl.String, pl.Categorical, pl.Enum)
_RELATABLE = (*_TEXTS, pl.Boolean)


def disagreement(schema: Mapping[str, pl.DataType], label: str, prediction: str) -> pl.Expr | str:
    """Return how far a label is from its prediction, the difference of numbers and booleans, and 1 where texts differ; or why it cannot be told.

    The columns of what it is applied to are `LABEL` and `PREDICTION`.

    Parameters:
        schema: of the rows.
        label: the column of the label.
        prediction: the column of the prediction.

    Examples:
        >>> disagreement({"y": pl.String(), "p": pl.Float64()}, "y", "p")
        "'y' is String and 'p' is Float64, so that there is no telling whether they agree"
    """
    kinds = schema[label], schema[prediction]
    if all(kind.is_numeric() or kind == pl.Boolean() for kind in kinds):
        return pl.col(LABEL).cast(pl.Float64) - pl.col(PREDICTION).cast(pl.Float64)
    if all(isinstance(kind, _TEXTS) for kind in kinds):
        return (pl.col(LABEL).cast(pl.String) != pl.col(PREDICTION).cast(pl.String)).cast(pl.Float64)
    return f"{label!r} is {kinds[0]} and {prediction!r} is {kinds[1]}, so that there is no telling whether they agree"


def relations(sample: pl.DataFrame, label: str, features: Sequence[str], taken: Collection[str]) -> dict[ColumnKey, ColumnProfile]:
    """Profile how the label goes with each feature.

    Parameters:
        sample: of the rows.
        label: the column of the label.
        features: those to profile; of types that have no relation none is given.
        taken: names that no relation may have.
    """
    usable = [name for name in (*features, label) if sample[name].dtype.is_numeric() or isinstance(sample[name].dtype, _RELATABLE)]
    return {
        ColumnKey(DriftKind.CONCEPT, free_name(f"{name} ~ {label}", taken)): RelationProfile.of(sample[name], sample[label])
        for name in usable[:-1]
        if label in usable
    }


def free_name(name: str, taken: Collection[str]) -> str:
    """Return a name, made longer until it is free.

    Parameters:
        name: that is wished for.
        taken: names that it may not be.

    Examples:
        >>> free_name("residual", {"residual", "wind"})
        'residual_'
    """
    return name if name not in taken else free_name(f"{name}_", taken)
