"""The policies that a backtest sets side by side, each as the declaration that would have it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import product
from typing import Any, NamedTuple

from pydantic import ValidationError

from mlworks_orchestration.errors import DeclarationError, nearest
from mlworks_orchestration.spec import Gate, MLModel, Retraining, Spec, explain

EVERY_STEP = "every step"
"""What the policy is called that retrains at each step."""

_EVER, _NO_LIMIT = 10_000, 1_000_000
_BY_THE_CLOCK = {"cooldown": timedelta(), "budget_per_year": _NO_LIMIT, "min_new_rows": 0, "new_rows": None, "violations": _EVER, "of": _EVER}
_LISTS = {"kinds", "rollback_on"}
_SPECS: tuple[tuple[str, type[Spec]], ...] = (("retraining", Retraining), ("gate", Gate))


class Policy(NamedTuple):
    """A policy by name.

    Parameters:
        name: as people read it.
        model: the model's declaration with this policy in it.
    """

    name: str
    model: MLModel


def policies(model: MLModel, given: Sequence[str] = ()) -> list[Policy]:
    """Return the policies to compare: never, at every step, monthly, the declared one, and variants of that.

    Those that retrain by the clock look at no drift, wait for nothing and have no budget; the gate and the rollback are the declared ones in all.
    The gate's mode is `automatic` in all: nobody approves in a backtest, and it is a dry run itself.

    Parameters:
        model: the model's declaration.
        given: variants, as `cooldown=30d,violations=3`: fields of `retraining` and `gate`. A value may be several, between `|`; then every
            combination is a policy. A list is written with `+`, as `kinds=label+concept`, and nothing as `none`.

    Raises:
        DeclarationError: if a field or a value is not allowed, or if a variant is given twice.
    """
    found = [
        _with(model, "never", {"budget_per_year": 0, "every": None, "new_rows": None}),
        _with(model, EVERY_STEP, {**_BY_THE_CLOCK, "every": timedelta(seconds=1)}),
        _with(model, "monthly", {**_BY_THE_CLOCK, "every": timedelta(weeks=4)}),
        Policy("declared", model),
        *(policy for text in given for policy in _variants(model, text)),
    ]
    names = [policy.name for policy in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        message = f"The policy {twice!r} is there twice; give each once."
        raise DeclarationError(message)
    return [Policy(name, _automatic(each)) for name, each in found]


def _automatic(model: MLModel) -> MLModel:
    return model.model_copy(update={"gate": model.gate.model_copy(update={"mode": "automatic", "approvals": 1})})


def _with(model: MLModel, name: str, values: dict[str, Any]) -> Policy:
    return Policy(name, model.model_copy(update={"retraining": model.retraining.model_copy(update=values)}))


def _variants(model: MLModel, text: str) -> Iterator[Policy]:
    """Yield a policy for each combination of the values that a text gives."""
    pairs = [_pair(part) for part in text.split(",")]
    for values in product(*(choices for _, choices in pairs)):
        chosen = dict(zip((name for name, _ in pairs), values, strict=True))
        changed = {field: _changed(model, field, spec, chosen) for field, spec in _SPECS}
        yield Policy(",".join(f"{name}={value}" for name, value in chosen.items()), model.model_copy(update=changed))


def _pair(text: str) -> tuple[str, list[str]]:
    name, equals, values = text.partition("=")
    known = [field for _, spec in _SPECS for field in spec.model_fields]
    if not equals or not values:
        message = f"--policy {text!r} says no value; write it as cooldown=30d."
        raise DeclarationError(message)
    if name.strip() not in known:
        message = f"--policy: there is no field {name.strip()!r}; {nearest(name.strip(), known, 'docs/declare.md')}."
        raise DeclarationError(message)
    return name.strip(), [value.strip() for value in values.split("|")]


def _changed(model: MLModel, field: str, spec: type[Spec], chosen: dict[str, str]) -> Spec:
    declared: Spec = getattr(model, field)
    given = {name: _value(name, text) for name, text in chosen.items() if name in spec.model_fields}
    try:
        return spec.model_validate({**declared.model_dump(), **given})
    except ValidationError as error:
        raise explain(error, spec=spec, where="--policy") from error


def _value(name: str, text: str) -> object:
    """Return a value as YAML would give it."""
    if text == "none":
        return [] if name in _LISTS else None
    if name in _LISTS:
        return text.split("+")
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
