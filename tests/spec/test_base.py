import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError, create_model

from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.spec import (
    AnyModelTest,
    FeatureSelection,
    FeatureTable,
    Label,
    MinimumQuality,
    MLModel,
    Retraining,
    Spec,
    format_duration,
    load_object,
    parse_duration,
)
from mlworks_orchestration.spec.base import PATTERNS, ColumnName, Delay, Duration, ImportPath, Name, Owner


@given(st.integers(min_value=0, max_value=10**10))
def test_a_duration_reads_back_as_it_was_written(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(("text", "hours"), [("2w", 336), ("14d", 336), ("36h", 36), ("90m", 1.5), ("1800s", 0.5), (" 1d ", 24)])
def test_every_unit_of_a_duration_is_understood(text: str, hours: float) -> None:
    assert parse_duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "value", ["", "7", "d", "7 d", "-7d", "7.5d", "7D", "7d\n7d", "P7D", "\N{ARABIC-INDIC DIGIT SEVEN}d", 7, 7.0, True, None, ["7d"]]
)
def test_what_is_no_duration_is_refused_with_an_example(value: object) -> None:
    with pytest.raises(ValueError, match=r"is no duration; write a whole number and a unit .* for example 7d"):
        parse_duration(value)


@pytest.mark.parametrize("text", ["999999999999999w", "9999999999d"])
def test_a_duration_beyond_what_python_can_hold_is_an_error_and_no_crash(text: str) -> None:
    with pytest.raises(ValueError, match="longer than time itself; the longest is 999999999d"):
        parse_duration(text)


def test_a_duration_is_longer_than_zero_but_a_delay_need_not_be() -> None:
    assert TypeAdapter(Delay).validate_python("0s") == timedelta(0)
    with pytest.raises(ValidationError, match="longer than zero"):
        TypeAdapter(Duration).validate_python("0s")
    with pytest.raises(ValidationError, match="not be negative"):
        TypeAdapter(Delay).validate_python(timedelta(seconds=-1))


@pytest.mark.parametrize("kind", [Duration, Delay])
def test_parts_of_a_second_are_refused_because_they_cannot_be_written(kind: type) -> None:
    with pytest.raises(ValidationError, match="whole number of seconds"):
        TypeAdapter(kind).validate_python(timedelta(seconds=1, microseconds=1))


def test_durations_are_written_short_in_json() -> None:
    label = Label.model_validate({"table": "t", "column": "c", "delay": "14d"})
    assert label.model_dump_json() == '{"table":"t","column":"c","delay":"2w"}'
    assert Label.model_validate_json(label.model_dump_json()) == label


def test_a_declaration_cannot_be_changed() -> None:
    selection = FeatureSelection.model_validate({"table": "t", "columns": ["c"]})
    with pytest.raises(ValidationError, match="frozen"):
        selection.table = "other"  # type: ignore[misc]  # that it is refused is the point


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Name, ["a", "airline_delay", "a" * 63], ["", "A", "1a", "_a", "a-b", "a/b", "..", "a" * 64, "a\n", "é"]),
        (ColumnName, ["a", "Größe (m²)", "a b", "a'b"], ["", "_partition", "a\nb", "a\x00", "x" * 201]),
        (ImportPath, ["a:b", "a.b.c:_d"], ["a", "a:", ":b", "a.b", "a/b:c", "a:b:c", "a:b.c", "1a:b"]),
        (Owner, ["team:ml", "a@b.co"], ["", "ada", "team:", "a@b", "a b@c.de"]),
    ],
)
def test_names_keep_to_their_pattern(kind: type, good: list[str], bad: list[str]) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(kind)
    assert [adapter.validate_python(text) for text in good] == good
    for text in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(text)


def test_fields_are_described_by_what_stands_below_them_and_in_the_schema_too() -> None:
    schema = MLModel.model_json_schema()
    assert schema["properties"]["entity"]["description"] == MLModel.field_docstrings()["entity"]
    assert schema["$defs"]["Retraining"]["properties"]["cooldown"]["description"] == Retraining.field_docstrings()["cooldown"]


def test_inherited_fields_keep_their_description() -> None:
    above, below = AnyModelTest.field_docstrings(), MinimumQuality.field_docstrings()
    assert above
    assert {name: below[name] for name in above} == above
    assert set(below) > set(above)


def test_a_class_without_a_file_has_no_descriptions() -> None:
    made = create_model("Made", __base__=Spec, width=(int, 1))
    assert made.field_docstrings() == {}
    assert "description" not in made.model_json_schema()["properties"]["width"]


@pytest.mark.parametrize("spec", [MLModel, FeatureTable])
def test_every_pattern_of_a_declaration_is_put_in_words(spec: type[Spec]) -> None:
    patterns = set(re.findall(r'"pattern": ("[^"]*")', json.dumps(spec.model_json_schema())))
    assert {json.loads(pattern) for pattern in patterns} <= set(PATTERNS)
    assert patterns


def test_an_object_is_loaded_by_its_path() -> None:
    assert load_object("datetime:timedelta", field="source") is timedelta


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("no_such_module:load", r"source: 'no_such_module:load' cannot be imported: ModuleNotFoundError: .*package\.module:function"),
        ("datetime:timdelta", r"source: module 'datetime' has no 'timdelta'; did you mean 'timedelta'\? Allowed: "),
        ("math:pi", r"source: 'math:pi' is a float, not a function\."),
    ],
)
def test_an_object_that_cannot_be_loaded_is_an_error_that_names_the_field(path: str, complaint: str) -> None:
    with pytest.raises(DeclarationError, match=complaint):
        load_object(path, field="source")


def test_a_module_that_fails_while_it_is_imported_is_the_same_kind_of_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_by_its_author.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(DeclarationError, match="estimator: 'broken_by_its_author:build' cannot be imported: ZeroDivisionError: division by zero"):
        load_object("broken_by_its_author:build", field="estimator")
