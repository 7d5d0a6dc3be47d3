"""What is wrong with a declaration, in one paragraph that its author can act on."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from types import NoneType
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mlworks_orchestration.errors import DeclarationError, nearest
from mlworks_orchestration.spec.base import IMPORT_PATH, PATTERNS, Spec

_KEY = "[key]"
_LONGEST = 80


class _Place(NamedTuple):
    """Where in a declaration an error lies: the path in words, the spec around it and the field's own name."""

    path: str
    owner: type[Spec] | None
    field: str


def explain(error: ValidationError, *, spec: type[Spec], where: str) -> DeclarationError:
    """Return the error that tells the author of a declaration what to change.

    Parameters:
        error: what pydantic found.
        spec: the class that was validated.
        where: the declaration's place, for example `assets/airline_delay/defs.yaml:12`.

    Examples:
        >>> from mlworks_orchestration.spec import FeatureSelection
        >>> try:
        ...     FeatureSelection.model_validate({"table": "flights", "columns": ["distance"], "maxage": "2h"})
        ... except ValidationError as error:
        ...     print(explain(error, spec=FeatureSelection, where="defs.yaml:4"))
        defs.yaml:4: maxage: FeatureSelection has no such field; did you mean 'max_age'? Allowed: columns, max_age, table.
    """
    found = [(_place(details["loc"], spec), details) for details in error.errors(include_url=False)]
    # A value that fits no member of a union gives one error a member, all at the same place.
    problems = [_problem(place, [details for _, details in group]) for place, group in groupby(found, key=lambda pair: pair[0])]
    count = f"{len(problems)} problems. " if len(problems) > 1 else ""
    return DeclarationError(f"{where}: {count}{' '.join(problems)}")


def _place(location: Sequence[int | str], spec: type[Spec]) -> _Place:
    path, owner, field, annotation = "", None, "", [spec]
    for step in location:
        if step == _KEY:
            break
        models = [kind for kind in annotation if isinstance(kind, type) and issubclass(kind, Spec)]
        tagged = [model for model in models if step in _tags(model)]
        if tagged:
            annotation = list(tagged)
            continue
        if len(models) == 1 and isinstance(step, str):
            owner, field, path = models[0], step, f"{path}.{_printable(step)}" if path else _printable(step)
            known = models[0].model_fields.get(field)
            annotation = _members(known.annotation) if known else []
            continue
        items = [_members(get_args(kind)[-1]) for kind in annotation if get_origin(kind) in {list, dict}]
        if not items:
            break
        path = f"{path}[{step}]" if isinstance(step, int) else f"{path}.{_printable(step)}"
        owner, field, annotation = None, "", [member for members in items for member in members]
    return _Place(path, owner, field)


def _members(annotation: Any) -> list[Any]:  # noqa: ANN401 - an annotation is a type, a union, a literal …
    """Return the types that a union or an annotated type stands for."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in {list, dict} or isinstance(annotation, type):
        return [annotation]
    return [inner for member in get_args(annotation) if member is not NoneType for inner in _members(member)]


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    """Return the values of `kind` that choose `model` from a union of specs."""
    kind = model.model_fields.get("kind")
    # What is no word of ours is a user's function.
    return (get_args(kind.annotation) or (IMPORT_PATH,)) if kind else ()


def _problem(place: _Place, details: Sequence[ErrorDetails]) -> str:
    first = details[0]
    said = (
        _said(place, first)
        if len(details) == 1
        else f"{_given(first)} fits none of {', '.join(_printable(str(each['loc'][-1])) for each in details)}"
    )
    return f"{place.path}: {said.rstrip('.')}." if place.path else f"{said.rstrip('.')}."


def _said(place: _Place, details: ErrorDetails) -> str:  # noqa: PLR0911 - one return a kind of error
    context: Mapping[str, Any] = details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden" if place.owner is not None:
            return f"{place.owner.__name__} has no such field; {nearest(place.field, place.owner.model_fields, 'docs/declare.md')}"
        case "missing":
            return f"is missing; it says: {_described(place)}"
        case "value_error":
            return str(context["error"])
        case "literal_error" | "enum" | "union_tag_invalid":
            given, allowed = context.get("tag", details["input"]), context.get("expected_tags", context.get("expected", ""))
            return f"{_short(given)} is not allowed; {_nearest_listed(given, allowed)}"
        case "union_tag_not_found":
            return f"{_short(details['input'])} has no field 'kind' that says what it is"
        case "too_short":
            return f"{_given(details)} is not allowed; give at least {context['min_length']}"
        case "string_pattern_mismatch":
            return f"{_given(details)} is not allowed; write {PATTERNS.get(context['pattern'], 'text like ' + context['pattern'])}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{_given(details)} is not allowed; write fields with values below it, each as `field: value`"
        case "invalid_key":
            return f"the key {_short(details['input'])} is no text; put it in quotes (YAML reads on, off, yes and no as truth values)"
        case _:
            return f"{_given(details)} is not allowed; {details['msg'][:1].lower()}{details['msg'][1:]}"


def _short(value: object) -> str:
    return _printable(repr(value))


def _printable(text: str) -> str:
    shown = text if text.isprintable() else repr(text)[1:-1]
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def _given(details: ErrorDetails) -> str:
    return "nothing" if details["input"] is None else _short(details["input"])


def _described(place: _Place) -> str:
    return place.owner.field_docstrings().get(place.field, "what it is") if place.owner else "what it is"


def _nearest_listed(given: object, listed: str) -> str:
    """Return the nearest of the names that pydantic lists as `'a', 'b' or 'c'`."""
    return nearest(str(given), listed.replace(" or ", ", ").replace("'", "").split(", "), "docs/declare.md")
