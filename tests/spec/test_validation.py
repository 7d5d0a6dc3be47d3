from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mlworks_orchestration.spec import FeatureTable, MLModel, Retraining, Spec, explain

Declare = Callable[..., dict[str, Any]]
Complaint = Callable[[type[Spec], object], str]

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3)
KEYS = st.sampled_from([*MLModel.model_fields, *FeatureTable.model_fields, "table", "kind", "every"]) | SCALARS.filter(lambda key: key == key)  # noqa: PLR0124 - no NaN
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12)


def test_every_problem_is_told_in_one_paragraph(model: Declare, complaint: Complaint) -> None:
    text = complaint(MLModel, model(task="x", seed="y", owner="z"))
    assert text.startswith(
        "defs.yaml:7: 3 problems. task: 'x' is not allowed; allowed: binary, forecast, regression, text. seed: 'y' is not allowed; "
    )
    assert "owner: MLModel has no such field; did you mean 'owners'?" in text
    assert "\n" not in text


def test_what_was_given_is_cut_short(model: Declare, complaint: Complaint) -> None:
    assert len(complaint(MLModel, model(seed="9" * 10_000))) < 300


def test_what_was_given_cannot_break_the_line(model: Declare, complaint: Complaint) -> None:
    text = complaint(MLModel, model(task="regression\n\x1b[31m", **{"no\nsuch": 1}))
    assert text.isprintable()


def test_a_key_that_yaml_takes_for_a_truth_value_is_explained(complaint: Complaint) -> None:
    assert complaint(Retraining, yaml.safe_load("on: [feature]")) == (
        "defs.yaml:7: the key True is no text; put it in quotes (YAML reads on, off, yes and no as truth values)."
    )


@pytest.mark.parametrize("spec", [MLModel, FeatureTable])
@given(declaration=st.dictionaries(KEYS, ANYTHING, max_size=6) | ANYTHING)
def test_whatever_is_declared_is_accepted_or_explained(spec: type[Spec], declaration: object) -> None:
    try:
        spec.model_validate(declaration)
    except ValidationError as error:
        text = str(explain(error, spec=spec, where="defs.yaml:1"))
        assert text.startswith("defs.yaml:1: ")
        assert text.isprintable()
        assert text.endswith(".")
