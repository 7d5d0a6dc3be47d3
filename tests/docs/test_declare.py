"""docs/declare.md against the classes that it describes."""

import re
from pathlib import Path

import pytest
import yaml

from mlworks_orchestration.spec import (
    LOADS_CLEANLY,
    METRICS,
    BetterThanBaseline,
    BetterThanSimpler,
    Between,
    Business,
    Calibration,
    Choices,
    Column,
    Direction,
    Drift,
    FeatureSelection,
    FeatureTable,
    Forecast,
    Gate,
    InSet,
    Interval,
    Invariance,
    Label,
    Latency,
    Metrics,
    MinimumQuality,
    MLModel,
    NoSliceWorseThanChampion,
    NotNull,
    Owners,
    OwnTest,
    Partitions,
    Reproducibility,
    Retraining,
    RobustToMissing,
    RowCount,
    Schema,
    ServingParity,
    Size,
    SliceQuality,
    Spec,
    Threshold,
    Tune,
    Unique,
    read_declarations,
)
from mlworks_orchestration.training import registered

TEXT = (Path(__file__).parents[2] / "docs" / "declare.md").read_text(encoding="utf-8")
EXPECTATIONS: dict[str, type[Spec]] = {
    "between": Between,
    "in_set": InSet,
    "not_null": NotNull,
    "unique": Unique,
    "row_count": RowCount,
    "schema": Schema,
}
MODEL_TESTS: dict[str, type[Spec]] = {
    "minimum_quality": MinimumQuality,
    "better_than_baseline": BetterThanBaseline,
    "better_than_simpler": BetterThanSimpler,
    "slice_quality": SliceQuality,
    "no_slice_worse_than_champion": NoSliceWorseThanChampion,
    "invariance": Invariance,
    "direction": Direction,
    "calibration": Calibration,
    "robust_to_missing": RobustToMissing,
    "latency": Latency,
    "size": Size,
    "serving_parity": ServingParity,
    "reproducibility": Reproducibility,
    "package.module:function": OwnTest,
}
ANY_EXPECTATION, ANY_MODEL_TEST = "Fields of every expectation", "Fields of every model test"
SHARED = {
    ANY_EXPECTATION: {"kind", "severity", "blocking", "column", "mostly"},
    ANY_MODEL_TEST: {"kind", "name", "severity", "min_rows", "metric", "slices", "column", "becomes"},
}
CLASSES: dict[str, type[Spec]] = {
    **{
        f"Fields of {each.__name__}": each
        for each in (
            FeatureTable,
            Column,
            Partitions,
            MLModel,
            FeatureSelection,
            Label,
            Owners,
            Metrics,
            Forecast,
            Business,
            Tune,
            Interval,
            Choices,
            Drift,
            Threshold,
            Retraining,
            Gate,
        )
    },
    **{f"Expectation `{kind}`": each for kind, each in EXPECTATIONS.items()},
    **{f"Model test `{kind}`": each for kind, each in MODEL_TESTS.items()},
}
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)
WRONG = re.findall(r"^```yaml wrong\n(.*?)^```\n\n```text\n(.*?)\n```", TEXT, flags=re.DOTALL | re.MULTILINE)


def sections(text: str, mark: str) -> dict[str, str]:
    """Return what follows each heading of a level, up to the next."""
    parts = re.split(rf"^{mark} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


SECTIONS = sections(TEXT, "##")
FIELDS = {title: {name.strip("`"): said.strip() for name, said in sections(body, "###").items()} for title, body in SECTIONS.items()}
PAIRS = [pytest.param(title, name, id=f"{title}.{name}") for title, spec in CLASSES.items() for name in spec.model_fields]


def said_of(title: str, name: str) -> str:
    of_all = {"Expectation": ANY_EXPECTATION, "Model test": ANY_MODEL_TEST}.get(title.partition(" `")[0], "")
    return FIELDS[of_all if name in SHARED.get(of_all, ()) else title].get(name, "")


def default_of(title: str, name: str) -> str:
    """Return how the page begins what it says of a field."""
    field = CLASSES[title].model_fields[name]
    if field.is_required():
        return "Required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, Spec):
        return "Default: that of all its fields"
    if value is None:
        return "Default: none"
    plain = [str(item) for item in value] if isinstance(value, list) else value
    return f"Default: `{yaml.safe_dump(plain, default_flow_style=True).splitlines()[0]}`" if value != "" else "Default: empty"


@pytest.mark.parametrize(("title", "name"), PAIRS)
def test_every_field_has_a_heading_and_says_its_default_or_that_it_is_required(title: str, name: str) -> None:
    assert said_of(title, name).startswith(default_of(title, name))


@pytest.mark.parametrize("title", [*CLASSES, *SHARED])
def test_every_heading_is_a_field(title: str) -> None:
    known = SHARED[title] if title in SHARED else CLASSES[title].model_fields.keys()
    assert set(FIELDS[title]) <= set(known)


def test_every_metric_is_listed_with_what_it_is_and_where_it_points() -> None:
    rows = [
        f"| {task} | `{metric.name}` | {metric.description} | {'lower' if metric.lower_is_better else 'higher'} |"
        for task, metrics in METRICS.items()
        for metric in metrics.values()
    ]
    assert [line for line in SECTIONS["Fields of Metrics"].splitlines() if line.startswith("| ") and "`" in line] == rows


def declare(folder: Path, text: str) -> Path:
    path = folder / str(yaml.safe_load(text)["attributes"]["name"]) / "defs.yaml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def test_the_examples_are_right_and_fit_together(tmp_path: Path) -> None:
    for text in EXAMPLES:
        declare(tmp_path, text)
    catalog = read_declarations(tmp_path).require_healthy()
    assert len(EXAMPLES) == len(catalog.tables) + len(catalog.models) == 3


@pytest.mark.parametrize(("text", "error"), WRONG)
def test_a_wrong_example_gives_the_error_that_is_shown(tmp_path: Path, text: str, error: str) -> None:
    for table in EXAMPLES[:2]:
        declare(tmp_path, table)
    path = declare(tmp_path, text)
    (broken,) = read_declarations(tmp_path).broken
    assert broken.error.replace(str(path), "assets/delivery_time/defs.yaml") == error


def test_there_are_wrong_examples() -> None:
    assert len(WRONG) == 2


@pytest.mark.parametrize("code", re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE))
def test_the_python_of_the_examples_runs(code: str) -> None:
    names: dict[str, object] = {}
    exec(compile(code, "declare.md", "exec"), names)  # noqa: S102 - our own page
    assert {"load", "build"} & set(names)


def test_every_kind_of_model_test_is_told() -> None:
    assert set(MODEL_TESTS) == {*registered(), "package.module:function"} - {LOADS_CLEANLY}
