"""What declared model tests have in common, and what of a model says which can be applied."""

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from mlworks_orchestration.errors import nearest
from mlworks_orchestration.spec.base import ColumnName, Count, Name, Spec
from mlworks_orchestration.spec.metrics import METRICS

Rows = Annotated[Count, Field(ge=2)]
Share = Annotated[float, Field(ge=0, le=1)]
Budget = Annotated[float, Field(gt=0)]
Value = int | float | str | bool

LOADS_CLEANLY = "loads_cleanly"
"""The test that is always run."""

LOADS_CLEANLY_ASSERTS = "The version loads and answers in a clean process, with the packages that were logged."
"""What it asserts."""


class ModelFacts(NamedTuple):
    """What of a model says which tests can be applied to it.

    Parameters:
        task: what it does.
        primary: its primary metric.
        features: its features.
        slices: its slices.
    """

    task: str
    primary: str
    features: Sequence[str]
    slices: Sequence[str]


class AnyModelTest(Spec):
    """What all tests have."""

    kind: str
    """What is tested."""

    name: Name | None = None
    """Name of the check; the kind by default."""

    severity: Literal["error", "warn"] = "error"
    """An error holds the version back; a warning is shown."""

    @property
    def title(self) -> str:
        """The check's name."""
        return self.name or self.kind.rpartition(":")[2]

    @property
    def asserts(self) -> str:
        """What it asserts, in words, with what was declared."""
        declared = self.model_dump(exclude={"kind", "name", "severity"}, exclude_defaults=True)
        said = ", ".join(f"{field} {value}" for field, value in declared.items())
        return f"{(type(self).__doc__ or '').splitlines()[0]}{f' ({said})' if said else ''}"

    def objection(self, facts: ModelFacts) -> str:
        """Return why the test cannot be applied to a model; nothing if it can."""
        del facts
        return ""


class OnRows(AnyModelTest):
    """What tests on held-out rows have."""

    min_rows: Rows = 100
    """Fewest held-out rows; with fewer the test cannot tell."""


class OfMetric(OnRows):
    """What tests of a metric's bound have."""

    metric: str | None = None
    """The metric; the primary one by default."""

    at_most: float | None = None
    """Largest value, of a metric that is better when it is lower."""

    at_least: float | None = None
    """Smallest value, of a metric that is better when it is higher."""

    @model_validator(mode="after")
    def _has_one_bound(self) -> "OfMetric":
        if (self.at_most is None) == (self.at_least is None):
            message = "give either at_most or at_least"
            raise ValueError(message)
        return self

    def objection(self, facts: ModelFacts) -> str:
        """Return why the test cannot be applied to a model; nothing if it can."""
        known, name = METRICS[facts.task], self.metric or facts.primary
        if name not in known:
            return f"{name!r} is no metric of task {facts.task}; {nearest(name, known, 'docs/declare.md')}"
        lower, bounded = known[name].lower_is_better, self.at_most is not None
        if lower != bounded:
            return f"{name} is better when it is {'lower' if lower else 'higher'}; give {'at_most' if lower else 'at_least'}"
        return ""


class OfColumn(OnRows):
    """What tests that change a feature have."""

    column: ColumnName
    """The feature that is changed."""

    becomes: Value | None = None
    """The value that it is given in every row."""

    def objection(self, facts: ModelFacts) -> str:
        """Return why the test cannot be applied to a model; nothing if it can."""
        return no_feature(self.column, facts.features)


def no_feature(column: str, features: Sequence[str]) -> str:
    """Say that a column is no feature, with the nearest one; nothing if it is.

    Parameters:
        column: its name.
        features: of the model.
    """
    return "" if column in features else f"{column!r} is no feature; {nearest(column, features)}"


def no_slices(chosen: Sequence[str], facts: ModelFacts) -> str:
    """Say why there are no slices to look at; nothing if there are.

    Parameters:
        chosen: by the test.
        facts: of the model.
    """
    if not chosen and not facts.slices:
        return "the model declares no slices; name features under slices, of the model or of this test"
    return next((said for name in chosen if (said := no_feature(name, facts.features))), "")
