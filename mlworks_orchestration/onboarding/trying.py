"""Reading the whole data through generated files before they are put in place."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from mlworks_orchestration.data import build_features, load_raw
from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import Catalog, FeatureTable, MLModel, parse_documents

_FUTURE = datetime(2200, 1, 1, tzinfo=UTC)


def try_tables(stage: Path, project: Project) -> None:
    """Check declarations that lie below a folder against those of the project, and build their tables from their sources in memory.

    Parameters:
        stage: the folder, with `assets/`.
        project: the deployment that they are for.

    Raises:
        DeclarationError: naming file and field.
        DataError: naming table, column and remedy.
    """
    found = [document.spec for path in sorted(stage.glob("assets/*/defs.yaml")) for document in parse_documents(path)]
    tables = {spec.name: spec for spec in found if isinstance(spec, FeatureTable)}
    models = {spec.name: spec for spec in found if isinstance(spec, MLModel)}
    whole = Catalog({**project.catalog.tables, **tables}, {**project.catalog.models, **models})
    for model in models.values():
        whole.check_model(model)
    with _importable(stage, project.root):
        for table in tables.values():
            whole.check_table(table)
            _build(table)


def _build(table: FeatureTable) -> None:
    keys = table.partitions.keys(_FUTURE)
    build_features(table, load_raw(table, table.partitions.span(keys), keys))


@contextmanager
def _importable(stage: Path, root: Path) -> Iterator[None]:
    """Let the staged sources be imported under the names that they will have, and as if they were in place already."""
    added: list[str] = []
    for path in stage.glob("assets/*/source.py"):
        relative = path.relative_to(stage)
        module = ModuleType(".".join(relative.with_suffix("").parts))
        module.__file__ = str(root / relative)
        exec(compile(path.read_text(encoding="utf-8"), module.__file__, "exec"), module.__dict__)  # noqa: S102 - written here, from our own template
        sys.modules[module.__name__] = module
        added.append(module.__name__)
    try:
        yield
    finally:
        for name in added:
            del sys.modules[name]
