"""docs/statistics.md against the statistics that it describes."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mlworks_orchestration.monitoring.drift import Statistic, registered
from mlworks_orchestration.monitoring.drift.statistics.effects import from_shift
from mlworks_orchestration.monitoring.drift.statistics.psi import index

TEXT = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text(encoding="utf-8")
OURS = {one.name: one for one in registered() if one.measure.__module__.startswith("mlworks_orchestration.")}
(CODE,) = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)
USED = """
from scipy import stats
from mlworks_orchestration.monitoring.drift import NumericProfile, registered
from mlworks_orchestration.monitoring.drift.comparison.cells import numeric_cells
rng = np.random.default_rng(1)
before, after = rng.normal(size=400), rng.normal(0.5, 1, size=400)
found = CRAMER_VON_MISES.measure(numeric_cells(NumericProfile.of(before), [NumericProfile.of(after)]))
assert abs(found.value[0] * 200 - stats.cramervonmises_2samp(before, after).statistic) < 1e-9 + 200 * found.bound[0]
assert found.bound[0] < 0.01
assert CRAMER_VON_MISES in registered()
print(found.effect[0])
"""


def rows() -> dict[str, list[str]]:
    """Return the cells of the table of all statistics, by name."""
    table = TEXT.split("\n## All statistics\n")[1].split("|---", 1)[1].split("\n", 1)[1].split("\n\n", 1)[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {re.findall(r"`(\w+)`", row[0])[0]: row for row in cells}


def test_every_statistic_has_one_heading_and_no_other_has() -> None:
    assert sorted(re.findall(r"^## `(\w+)`$", TEXT, flags=re.MULTILINE)) == sorted(OURS)


@pytest.mark.parametrize("statistic", OURS.values(), ids=list(OURS))
def test_the_table_says_what_a_statistic_takes_and_whether_it_decides(statistic: Statistic) -> None:
    name, types, *told = rows()[statistic.name]
    assert set(types.split(", ")) == statistic.types
    assert ("(decides)" in name) == statistic.decides
    assert len(told) == 5
    assert all(told)


def test_the_table_has_every_statistic_once() -> None:
    assert sorted(rows()) == sorted(OURS)


def test_the_customary_limits_of_psi_are_the_shifts_that_are_told() -> None:
    limits = from_shift(np.array([0.1, 0.25]), index)
    assert f"shifts of {limits[0]:.2f} and {limits[1]:.2f} standard deviations" in TEXT


def test_a_statistic_of_ones_own_takes_ten_lines_and_is_scipys() -> None:
    body = [line for line in CODE.splitlines() if line and not line.startswith(("import", "from"))]
    assert len(body) <= 10
    ran = subprocess.run([sys.executable, "-c", CODE + USED], capture_output=True, text=True, check=False)  # it would stay registered here
    assert ran.stderr == ""
    assert float(ran.stdout) == pytest.approx(0.5, abs=0.15)
