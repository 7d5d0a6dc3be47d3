"""docs/onboard.md is run as it stands: from a CSV file to a retraining that drift has asked for."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from mlworks_orchestration.conformance import RULES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "onboard.md").read_text(encoding="utf-8")
COMMANDS = "".join(re.findall(r"^```bash\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE))
LAST = "mlworks replay fare --until 2024-03-15 --json > told.json\n"


def test_the_rules_are_those_of_check() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|$", TEXT, flags=re.MULTILINE))
    assert told == RULES


def test_the_commands_lead_to_a_retraining_by_drift(tmp_path: Path) -> None:
    ours = {"MLWORKS_PROJECT", "MLWORKS_HOME", "DAGSTER_HOME", "MLWORKS_ENV", "MLWORKS_DATA", "PYTHONPATH"}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    script = "set -eu\n" + COMMANDS + LAST
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Nothing was written: --dry-run." in ran.stdout
    assert f"Model fare keeps all {len(RULES)} rules." in ran.stdout
    months = {row["month"]: row for row in json.loads((tmp_path / "rides" / "told.json").read_text())["months"]}
    assert months["2024-01"]["retrainings"] == 0
    assert months["2024-02"]["concept_alarms"] + months["2024-02"]["label_alarms"] >= 2
    assert months["2024-02"]["retrainings"] >= 1
    assert any(row["promoted"] for row in months.values())
    assert months["2024-03"]["champion"] < months["2024-03"]["first_model"]
