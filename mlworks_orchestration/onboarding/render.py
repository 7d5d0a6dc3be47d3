"""From a profile to the text of files: templates of jinja, and values as YAML and Python write them."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_ ]*|[0-9]+[wdhms]|team:[\w-]+")
_RESERVED = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
_WIDTH = 150


def render(template: str, **values: object) -> str:
    """Return the text that a template gives.

    Parameters:
        template: path below `templates/`.
        values: what it names.
    """
    environment = Environment(  # noqa: S701 - the texts are YAML and Python; every value goes through a filter that quotes it
        loader=PackageLoader("mlworks_orchestration.onboarding"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(scalar=scalar, flow=flow, quoted=quoted)
    return environment.get_template(template).render(values)


def scalar(value: object) -> str:
    """Return a value as YAML writes it on one line.

    Examples:
        >>> scalar("petal length"), scalar("no"), scalar("a: b"), scalar("7d"), scalar(1.5), scalar(True)
        ('petal length', '"no"', '"a: b"', '7d', '1.5', 'true')
    """
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _RESERVED and value == value.strip():
        return value
    return json.dumps(value, ensure_ascii=False)


def flow(value: object) -> str:
    """Return lists and mappings as YAML writes them on one line.

    Examples:
        >>> flow({"kind": "unique", "over": ["id", "a,b"]})
        '{kind: unique, over: [id, "a,b"]}'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {flow(each)}" for key, each in value.items()) + "}"
    return "[" + ", ".join(flow(each) for each in value) + "]" if isinstance(value, list | tuple) else scalar(value)


def quoted(text: str) -> str:
    r"""Return a text as Python source, in double quotes where it can be, as formatters write it.

    Examples:
        >>> quoted("price"), quoted('a "b"')
        ('"price"', '\'a "b"\'')
    """
    written = repr(text)
    return f'"{written[1:-1]}"' if written.startswith("'") and '"' not in written else written


def listed(texts: Sequence[str], indent: int = 0) -> str:
    """Return a list of texts as Python source, one a line where they do not fit on one of 150 characters."""
    return _bracketed("[", [quoted(text) for text in texts], "]", indent)


def mapped(pairs: Mapping[str, str], indent: int = 0) -> str:
    """Return a dictionary of texts as Python source."""
    return _bracketed("{", [f"{quoted(key)}: {quoted(value)}" for key, value in pairs.items()], "}", indent)


def _bracketed(opening: str, parts: Sequence[str], closing: str, indent: int) -> str:
    whole = f"{opening}{', '.join(parts)}{closing}"
    if len(whole) + 40 <= _WIDTH:
        return whole
    gap = " " * indent
    return "\n".join([opening, *(f"{gap}    {part}," for part in parts), f"{gap}{closing}"])


def data_path(file: Path, root: Path) -> str:
    """Return a file's path as Python source: from the project's root if it lies within, else absolute.

    Parameters:
        file: the data.
        root: the project's folder; the source lies two folders below it.
    """
    whole = file.resolve()
    if whole.is_relative_to(root.resolve()):
        return f"Path(__file__).parents[2] / {quoted(whole.relative_to(root.resolve()).as_posix())}"
    return f"Path({quoted(str(whole))})"
