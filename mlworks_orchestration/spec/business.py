"""The declaration of a model's worth: a number that the business counts, from label, prediction and features."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlworks_orchestration.errors import nearest
from mlworks_orchestration.spec.base import Spec

LABEL, PREDICTION = "label", "prediction"


class Business(Spec):
    """A number in the business's own unit, measured beside the metrics."""

    name: Annotated[str, Field(min_length=1)]
    """What it is called in tables and charts, for example `fraud loss`."""

    unit: str = ""
    """Its unit, for example `USD`."""

    expression: str
    """A Polars SQL expression over `label`, `prediction` and the model's feature columns: the worth of one row."""

    aggregate: Literal["sum", "mean"] = "sum"
    """How rows become one number a partition."""

    lower_is_better: bool = False
    """Whether less of it is better, as of a loss."""

    @model_validator(mode="after")
    def _reads_something(self) -> "Business":
        if not self.columns:
            message = f"expression {self.expression!r} reads no column; name label, prediction or features in it"
            raise ValueError(message)
        return self

    @property
    def columns(self) -> list[str]:
        """The columns that the expression reads, sorted.

        Raises:
            ValueError: if it does not parse.

        Examples:
            >>> Business(name="loss", expression="CASE WHEN prediction >= 0.5 THEN 4 ELSE label * amount END").columns
            ['amount', 'label', 'prediction']
        """
        import polars as pl  # noqa: PLC0415 - only for models that declare one

        try:
            names = pl.sql_expr(self.expression).meta.root_names()
        except pl.exceptions.PolarsError as error:
            message = f"expression {self.expression!r} cannot be read: {error}. Write one Polars SQL expression, for example label * amount"
            raise ValueError(message) from error
        return sorted(set(names))

    def check_columns(self, features: list[str]) -> None:
        """Check that the expression names nothing but the label, the prediction and features.

        Parameters:
            features: the model's feature columns.

        Raises:
            ValueError: naming the first unknown column, with the nearest.
        """
        if PREDICTION in features:
            message = f"business.expression could mean two columns by {PREDICTION!r}: rename the feature in the table's transform"
            raise ValueError(message)
        known = [LABEL, PREDICTION, *features]
        for name in self.columns:
            if name not in known:
                message = f"business.expression names {name!r}; {nearest(name, known)}"
                raise ValueError(message)
