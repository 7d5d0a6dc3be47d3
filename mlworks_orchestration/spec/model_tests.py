"""What a fitted model must pass before it may serve, in the words of its declaration; each kind is run by a file of `training/model_tests`."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Discriminator, Field, Tag, model_validator

from mlworks_orchestration.errors import nearest
from mlworks_orchestration.spec.base import IMPORT_PATH, ColumnName, ColumnNames, Count, ImportPath, Name, Spec
from mlworks_orchestration.spec.metrics import CLASSIFICATION, METRICS

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


class _OnRows(AnyModelTest):
    min_rows: Rows = 100
    """Fewest held-out rows; with fewer the test cannot tell."""


class _OfMetric(_OnRows):
    metric: str | None = None
    """The metric; the primary one by default."""

    at_most: float | None = None
    """Largest value, of a metric that is better when it is lower."""

    at_least: float | None = None
    """Smallest value, of a metric that is better when it is higher."""

    @model_validator(mode="after")
    def _has_one_bound(self) -> "_OfMetric":
        if (self.at_most is None) == (self.at_least is None):
            message = "give either at_most or at_least"
            raise ValueError(message)
        return self

    def objection(self, facts: ModelFacts) -> str:
        """Return why the test cannot be applied to a model; nothing if it can."""
        known, name = METRICS[facts.task], self.metric or facts.primary
        if name not in known:
            return f"{name!r} is no metric of task {facts.task}; {nearest(name, known)}"
        lower, bounded = known[name].lower_is_better, self.at_most is not None
        if lower != bounded:
            return f"{name} is better when it is {'lower' if lower else 'higher'}; give {'at_most' if lower else 'at_least'}"
        return ""


class _OfColumn(_OnRows):
    column: ColumnName
    """The feature that is changed."""

    becomes: Value | None = None
    """The value that it is given in every row."""

    def objection(self, facts: ModelFacts) -> str:
        """Return why the test cannot be applied to a model; nothing if it can."""
        return _no_feature(self.column, facts.features)


class MinimumQuality(_OfMetric):
    """A metric on the held-out rows keeps a bound."""

    kind: Literal["minimum_quality"]


class BetterThanBaseline(_OnRows):
    """The primary metric is better than that of the best constant."""

    kind: Literal["better_than_baseline"]


class BetterThanSimpler(_OnRows):
    """The primary metric is better than that of a simpler model, fitted on the same rows."""

    kind: Literal["better_than_simpler"]

    estimator: ImportPath | None = None
    """A function `build(seed: int)` of the simpler model; by default a linear model of all features."""


class SliceQuality(_OfMetric):
    """A metric keeps a bound on every slice."""

    kind: Literal["slice_quality"]

    slices: ColumnNames = Field(default_factory=list)
    """Features by whose values the rows are cut; the model's slices by default."""

    def objection(self, facts: ModelFacts) -> str:
        """Return why the test cannot be applied to a model; nothing if it can."""
        return super().objection(facts) or _no_slices(self.slices, facts)


class NoSliceWorseThanChampion(_OnRows):
    """On no slice is the primary metric worse than the champion's by more than a margin."""

    kind: Literal["no_slice_worse_than_champion"]

    margin: Annotated[float, Field(ge=0)] = 0.0
    """By how much it may be worse, in the metric's unit."""

    slices: ColumnNames = Field(default_factory=list)
    """Features by whose values the rows are cut; the model's slices by default."""

    def objection(self, facts: ModelFacts) -> str:
        """Return why the test cannot be applied to a model; nothing if it can."""
        return _no_slices(self.slices, facts)


class Invariance(_OfColumn):
    """The prediction stays when a column changes that must not matter."""

    kind: Literal["invariance"]

    tolerance: Annotated[float, Field(ge=0)] = 0.0
    """By how much a prediction may change and still count as the same, in the label's unit."""

    share: Share = 1.0
    """The share of rows whose prediction must stay."""


class Direction(_OfColumn):
    """The prediction moves one way when a column changes."""

    kind: Literal["direction"]

    change: float | None = None
    """What is added to the column in every row."""

    prediction: Literal["increases", "decreases"]
    """Which way the prediction must move on average."""

    against: Share = 0.1
    """The largest share of rows whose prediction may move the other way."""

    @model_validator(mode="after")
    def _changes_something(self) -> "Direction":
        if (self.change is None) == (self.becomes is None):
            message = "give either change, which is added, or becomes"
            raise ValueError(message)
        if self.change == 0:
            message = "change 0 changes nothing; give another number"
            raise ValueError(message)
        return self


class Calibration(_OnRows):
    """Predicted probabilities are met by what happens."""

    kind: Literal["calibration"]

    at_most: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Largest expected calibration error."""

    bins: Annotated[Count, Field(ge=2, le=100)] = 10
    """How many groups of equally many rows the probabilities are cut into."""

    def objection(self, facts: ModelFacts) -> str:
        """Return why the test cannot be applied to a model; nothing if it can."""
        if facts.task in CLASSIFICATION:
            return ""
        return f"task {facts.task} predicts no probability, so there is nothing to calibrate; leave this test out"


class RobustToMissing(_OnRows):
    """Missing values in a feature leave predictions finite and cost no more than a share of the primary metric."""

    kind: Literal["robust_to_missing"]

    share: Annotated[float, Field(gt=0, le=1)] = 0.2
    """The share of rows in which a feature is blanked."""

    at_most_worse: Annotated[float, Field(ge=0)] = 0.5
    """By which share of its value the primary metric may become worse."""

    columns: ColumnNames = Field(default_factory=list)
    """The features that are blanked, one after another; all by default."""

    def objection(self, facts: ModelFacts) -> str:
        """Return why the test cannot be applied to a model; nothing if it can."""
        return next((said for name in self.columns if (said := _no_feature(name, facts.features))), "")


class Latency(AnyModelTest):
    """Predicting takes no longer than a budget; one of its fields must be given."""

    kind: Literal["latency"]

    rows_a_second: Budget | None = None
    """Fewest rows a second, predicted together."""

    milliseconds_a_row: Budget | None = None
    """Longest time for a row by itself."""

    times_champion: Budget | None = None
    """Longest time for all held-out rows, as a multiple of the champion's, measured beside it."""

    @model_validator(mode="after")
    def _has_a_budget(self) -> "Latency":
        if self.rows_a_second is None and self.milliseconds_a_row is None and self.times_champion is None:
            message = "give rows_a_second, milliseconds_a_row or times_champion"
            raise ValueError(message)
        return self


class Size(AnyModelTest):
    """The stored model is no larger than a budget."""

    kind: Literal["size"]

    at_most_mb: Budget
    """Largest size of its files, in megabytes (a million bytes)."""


class ServingParity(AnyModelTest):
    """The batch path and the online path, a row at a time, give the same predictions."""

    kind: Literal["serving_parity"]

    rows: Annotated[Count, Field(ge=1, le=10_000)] = 50
    """How many held-out rows are asked for one at a time."""

    tolerance: Annotated[float, Field(ge=0)] = 1e-9
    """By how much both may differ, in the label's unit and as a share of the prediction."""


class Reproducibility(AnyModelTest):
    """Fitted again on the same snapshot with the same seed, the version comes out with the same metrics and predictions."""

    kind: Literal["reproducibility"]


class OwnTest(AnyModelTest):
    """A function of the project's own finds nothing wrong."""

    kind: ImportPath
    """Where the function lives, as package.module:function."""

    arguments: dict[Name, Value] = Field(default_factory=dict)
    """What the function is called with, beside the model."""

    @model_validator(mode="after")
    def _can_be_named(self) -> "OwnTest":
        if not self.title.isascii():
            message = f"{self.title!r} cannot be the name of a check; give the test one: name: …"
            raise ValueError(message)
        return self


def _kind_of(declared: Any) -> str | None:  # noqa: ANN401 - what a declaration holds, or a test that was made already
    kind = declared.get("kind") if isinstance(declared, Mapping) else getattr(declared, "kind", None)
    return IMPORT_PATH if isinstance(kind, str) and ":" in kind else kind and str(kind)


ModelTest = Annotated[
    Annotated[MinimumQuality, Tag("minimum_quality")]
    | Annotated[BetterThanBaseline, Tag("better_than_baseline")]
    | Annotated[BetterThanSimpler, Tag("better_than_simpler")]
    | Annotated[SliceQuality, Tag("slice_quality")]
    | Annotated[NoSliceWorseThanChampion, Tag("no_slice_worse_than_champion")]
    | Annotated[Invariance, Tag("invariance")]
    | Annotated[Direction, Tag("direction")]
    | Annotated[Calibration, Tag("calibration")]
    | Annotated[RobustToMissing, Tag("robust_to_missing")]
    | Annotated[Latency, Tag("latency")]
    | Annotated[Size, Tag("size")]
    | Annotated[ServingParity, Tag("serving_parity")]
    | Annotated[Reproducibility, Tag("reproducibility")]
    | Annotated[OwnTest, Tag(IMPORT_PATH)],
    Discriminator(_kind_of),
]
"""One thing that a fitted model must pass."""


def objections(tests: Sequence[AnyModelTest], facts: ModelFacts) -> list[str]:
    """Return what is wrong with tests of a model, each with its place; nothing if they can be run.

    Parameters:
        tests: as declared.
        facts: of the model.
    """
    found = []
    titles = [LOADS_CLEANLY, *(test.title for test in tests)]
    for index, test in enumerate(tests):
        if test.title in titles[: index + 1]:
            found.append(f"model_tests[{index}]: there is a test {test.title!r} already; give this one a name of its own: name: …")
        if said := test.objection(facts):
            found.append(f"model_tests[{index}]: {said}")
    return found


def _no_feature(column: str, features: Sequence[str]) -> str:
    return "" if column in features else f"{column!r} is no feature; {nearest(column, features)}"


def _no_slices(chosen: Sequence[str], facts: ModelFacts) -> str:
    if not chosen and not facts.slices:
        return "the model declares no slices; name features under slices, of the model or of this test"
    return next((said for name in chosen if (said := _no_feature(name, facts.features))), "")
