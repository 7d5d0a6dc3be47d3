"""Reading declarations from `defs.yaml` files, so that one broken file never hides the others."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from mlworks_orchestration.errors import DeclarationError, nearest
from mlworks_orchestration.spec.base import Spec
from mlworks_orchestration.spec.catalog import Catalog
from mlworks_orchestration.spec.feature_table import FeatureTable
from mlworks_orchestration.spec.model import MLModel
from mlworks_orchestration.spec.validation import explain

TYPES: dict[str, type[FeatureTable | MLModel]] = {
    "mlworks_orchestration.FeatureTable": FeatureTable,
    "mlworks_orchestration.MLModel": MLModel,
}


# Ten times as fast; where PyYAML was built without libyaml there is only the other.
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

OURS = "mlworks_orchestration."
"""How the names of our component types begin."""


@dataclass(frozen=True)
class Broken:
    """A declaration that could not be read.

    Parameters:
        name: the folder's name, which stands for what it should have declared.
        path: the file.
        error: what is wrong and what to do.
    """

    name: str
    path: Path
    error: str


@dataclass(frozen=True)
class Document:
    """One document of a file.

    Parameters:
        spec: what it declares; nothing in a document of another component type.
        line: on which it begins, from one.
        plain: whether it says no more than `type` and `attributes`; what else it may say is for Dagster.
    """

    spec: FeatureTable | MLModel | None
    line: int
    plain: bool


@dataclass(frozen=True)
class Declarations:
    """What a folder declares.

    Parameters:
        catalog: the healthy declarations.
        broken: the others.
        paths: the file of each healthy declaration, by name.
        lines: on which line each of them begins.
        shared: files that also say something which Dagster alone reads.
    """

    catalog: Catalog
    broken: tuple[Broken, ...]
    paths: dict[str, Path]
    lines: dict[str, int] = field(default_factory=dict)
    shared: frozenset[Path] = frozenset()

    def alone_in(self, path: Path) -> list[FeatureTable | MLModel]:
        """Return the declarations of a file that holds nothing else, and of any other file none.

        Parameters:
            path: of the file.
        """
        if path in self.shared or path in {broken.path for broken in self.broken}:
            return []
        declared: dict[str, FeatureTable | MLModel] = {**self.catalog.tables, **self.catalog.models}
        return [declared[name] for name, place in self.paths.items() if place == path]

    def require_healthy(self) -> Catalog:
        """Return the catalog.

        Raises:
            DeclarationError: if any declaration is broken, with every message.
        """
        if self.broken:
            raise DeclarationError("\n".join(broken.error for broken in self.broken))
        return self.catalog


def read_declarations(folder: Path) -> Declarations:
    """Read every `defs.yaml` in the folders directly below `folder`.

    Parameters:
        folder: the deployment's `assets/`.
    """
    found: dict[str, FeatureTable | MLModel] = {}
    paths: dict[str, Path] = {}
    lines: dict[str, int] = {}
    shared: set[Path] = set()
    broken: list[Broken] = []
    for path in sorted(folder.glob("*/defs.yaml")):
        try:
            for document in parse_documents(path):
                if not document.plain:
                    shared.add(path)
                if (spec := document.spec) is None:
                    continue
                if spec.name in found:
                    message = f"{path}: the name {spec.name!r} is already taken by {paths[spec.name]}; choose another."
                    raise DeclarationError(message)  # noqa: TRY301 - one place reports every kind of broken file
                found[spec.name], paths[spec.name], lines[spec.name] = spec, path, document.line
        except DeclarationError as error:
            broken.append(Broken(path.parent.name, path, str(error)))
    catalog = _cross_checked(found, paths, broken)
    healthy = {name: path for name, path in paths.items() if name in catalog.tables or name in catalog.models}
    return Declarations(catalog, tuple(broken), healthy, {name: lines[name] for name in healthy}, frozenset(shared))


def parse_documents(path: Path) -> Iterator[Document]:
    """Yield the documents of one file, with what each declares; those of other component types are left to Dagster.

    Raises:
        DeclarationError: naming file, line and field.
    """
    try:
        nodes = list(yaml.compose_all(path.read_text(encoding="utf-8"), Loader=_LOADER))
        contents: list[Any] = [yaml.SafeLoader("").construct_document(node) if node is not None else None for node in nodes]
    # A ValueError is text that is no UTF-8, or a day like 2013-02-30, which YAML takes for a date.
    except (yaml.YAMLError, OSError, ValueError) as error:
        message = f"{path} is no readable YAML: {' '.join(str(error).split())}"
        raise DeclarationError(message) from error
    for node, content in zip(nodes, contents, strict=True):
        named = content.get("type") if isinstance(content, dict) else None
        if named not in TYPES:
            if isinstance(named, str) and named.startswith(OURS):
                message = f"{path}:{_line(node, ('type',))}: type: {named!r} is none of ours; {nearest(named, TYPES)}."
                raise DeclarationError(message)
            yield Document(None, _line(node, ()), plain=False)
            continue
        spec = _parse(TYPES[content["type"]], content.get("attributes") or {}, node, path)
        yield Document(spec, _line(node, ()), plain=set(content) == {"type", "attributes"})


def _parse(spec: type[FeatureTable | MLModel], attributes: object, node: yaml.Node, path: Path) -> FeatureTable | MLModel:
    try:
        return spec.model_validate(attributes)
    except ValidationError as error:
        # A misspelled field that is required is missing too; the line that says it wrong is the one to show.
        problem = next((item for item in error.errors() if item["type"] == "extra_forbidden"), error.errors()[0])
        line = _line(node, ("attributes", *problem["loc"]))
        raise explain(error, spec=spec, where=f"{path}:{line}") from error


def _line(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """Return the one-based line of the deepest part of `location` that stands in the file."""
    line = node.start_mark.line if node else 0
    for step in location:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == step), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line
    return line + 1


def _cross_checked(found: dict[str, FeatureTable | MLModel], paths: dict[str, Path], broken: list[Broken]) -> Catalog:
    def report(spec: Spec, error: DeclarationError) -> None:
        name = getattr(spec, "name", "")
        hint = "".join(f" (The declaration in {other.path} is broken.)" for other in broken if repr(other.name) in str(error))
        broken.append(Broken(paths[name].parent.name, paths[name], f"{paths[name]}: {error}{hint}"))

    tables = {name: spec for name, spec in found.items() if isinstance(spec, FeatureTable)}
    for table in list(tables.values()):
        try:
            Catalog(tables).check_table(table)
        except DeclarationError as error:
            report(table, error)
    tables = {name: table for name, table in tables.items() if paths[name] not in {other.path for other in broken}}
    models: dict[str, MLModel] = {}
    for spec in found.values():
        if isinstance(spec, MLModel):
            try:
                Catalog(tables).check_model(spec)
                models[spec.name] = spec
            except DeclarationError as error:
                report(spec, error)
    return Catalog(tables, models)
