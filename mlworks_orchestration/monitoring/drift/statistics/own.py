"""Statistics of a user's own, which are known once what registers them has run."""

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from pkgutil import iter_modules

from mlworks_orchestration.errors import DeclarationError, MLWorksError, nearest
from mlworks_orchestration.monitoring.drift.statistics.record import registered
from mlworks_orchestration.spec import Drift


def import_statistics(drift: Drift) -> None:
    """Import the modules that a declaration names; those that are imported already are left alone.

    Parameters:
        drift: the declaration.

    Raises:
        DeclarationError: naming the module that cannot be imported.

    Examples:
        >>> import_statistics(Drift(statistics_from=["assets.no_such_module"]))
        Traceback (most recent call last):
        ...
        mlworks_orchestration.errors.DeclarationError: drift.statistics_from: 'assets.no_such_module' cannot be imported: ModuleNotFoundError: ...
    """
    for name in drift.statistics_from:
        try:
            import_module(name)
        except MLWorksError:
            raise
        except Exception as error:  # a user's module may raise anything while it is imported
            message = (
                f"drift.statistics_from: {name!r} cannot be imported: {type(error).__name__}: {error}. "
                f"Write it as package.module, importable from the project's root{_beside(name)}."
            )
            raise DeclarationError(message) from error


def _beside(name: str) -> str:
    """Return a hint at the nearest module of the same package; nothing where the module is there and fails, or the package has none."""
    package = name.rpartition(".")[0]
    paths = getattr(sys.modules.get(package), "__path__", [])
    others = [f"{package}.{module.name}" for module in iter_modules(paths)]
    return f"; {nearest(name, others)}" if others and name not in others else ""


def run_statistics(path: Path) -> None:
    """Run a Python file that registers statistics.

    Parameters:
        path: of the file.

    Raises:
        DeclarationError: if it is not there, fails, or registers nothing.
    """
    known = registered()
    described = spec_from_file_location(path.stem, path)
    if described is None or described.loader is None:
        message = f"{str(path)!r} is no Python file; give one whose name ends in .py and which registers statistics (docs/statistics.md)."
        raise DeclarationError(message)
    try:
        described.loader.exec_module(module_from_spec(described))
    except MLWorksError:
        raise
    except Exception as error:  # a user's file may raise anything
        message = f"{str(path)!r} fails ({type(error).__name__}: {error}); repair it, it is to register statistics (docs/statistics.md)."
        raise DeclarationError(message) from error
    if registered() == known:
        message = f"{str(path)!r} registers no statistic; call register(Statistic(...)) in it (docs/statistics.md)."
        raise DeclarationError(message)
