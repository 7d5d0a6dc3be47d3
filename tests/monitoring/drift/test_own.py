"""Statistics of a user's own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.monitoring.drift import import_statistics, registered, run_statistics
from mlworks_orchestration.monitoring.drift.statistics import record
from mlworks_orchestration.spec import Drift

LARGEST_GAP = """
import numpy as np
from mlworks_orchestration.monitoring.drift import Measures, Statistic, register


def largest_gap(cells):
    p, q = cells.reference / cells.present_reference, cells.windows / cells.present[:, None]
    gap = np.abs(np.cumsum(q - p, axis=-1)).max(axis=-1)
    return Measures(gap, None, gap, np.zeros(len(gap)))


register(Statistic("largest_gap", "largest gap", frozenset({"numeric"}), counts_missing=False, measure=largest_gap))
"""


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget afterwards what a test registers and imports."""
    monkeypatch.setattr(record, "_REGISTERED", {one.name: one for one in registered()})
    yield
    sys.modules.pop("gap_module", None)


def names() -> set[str]:
    return {one.name for one in registered()}


def test_a_declared_module_is_imported_and_what_it_registers_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gap_module.py").write_text(LARGEST_GAP)
    monkeypatch.syspath_prepend(tmp_path)
    assert "largest_gap" not in names()
    import_statistics(Drift(statistics_from=["gap_module"]))
    import_statistics(Drift(statistics_from=["gap_module"]))
    assert "largest_gap" in names()


def test_a_module_that_fails_is_named_with_what_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gap_module.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DeclarationError, match=r"drift.statistics_from: 'gap_module' cannot be imported: ZeroDivisionError"):
        import_statistics(Drift(statistics_from=["gap_module"]))


def test_a_misspelt_module_is_told_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "gap_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "own_statistics.py").write_text(LARGEST_GAP)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DeclarationError, match=r"did you mean 'gap_package\.own_statistics'"):
        import_statistics(Drift(statistics_from=["gap_package.own_statistic"]))


def test_a_file_is_run_and_may_be_run_again(tmp_path: Path) -> None:
    file = tmp_path / "gap.py"
    file.write_text(LARGEST_GAP)
    run_statistics(file)
    assert "largest_gap" in names()
    run_statistics(file)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("gap.txt", LARGEST_GAP, "is no Python file"),
        ("gap.py", "1 / 0", r"fails \(ZeroDivisionError: division by zero\); repair it"),
        ("gap.py", "x = 1", "registers no statistic"),
        ("gap.py", LARGEST_GAP.replace('"largest_gap"', '"ks"'), "A statistic 'ks' is there already"),
    ],
)
def test_a_file_that_registers_nothing_new_says_why(tmp_path: Path, name: str, text: str, said: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(DeclarationError, match=said):
        run_statistics(file)
