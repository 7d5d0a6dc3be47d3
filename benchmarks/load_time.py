"""Loading the code location against a bare `import dagster`, each in fresh processes of one run.

Claim: at most 1.5 times, and none of mlflow, sklearn, great_expectations, pyspark is imported.
Writes `.artifacts/load_time.json`; exit code 1 when the claim does not hold.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROUNDS = 7
CLAIM = 1.5
HEAVY = ("mlflow", "sklearn", "great_expectations", "pyspark")
BARE = "import dagster"
LOCATION = "from mlworks_orchestration.definitions import defs; defs().get_repository_def()"


def seconds(code: str) -> float:
    """Return the wall-clock seconds of a fresh interpreter that runs `code`."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own code
    return time.perf_counter() - begun


def heavy_imports() -> list[str]:
    """Return which heavy packages loading the code location imports."""
    code = f"{LOCATION}; import sys, json; print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - our own code
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    """Measure alternately, so that noise falls on both, and print the medians and their ratio."""
    pairs = [(seconds(BARE), seconds(LOCATION)) for _ in range(ROUNDS + 1)][1:]
    bare, location = (statistics.median(column) for column in zip(*pairs, strict=True))
    heavy = heavy_imports()
    result = {"import_dagster_s": bare, "code_location_s": location, "ratio": location / bare, "heavy_imports": heavy}
    print(f"import dagster {bare:.2f} s, code location {location:.2f} s, ratio {location / bare:.2f} (claim: ≤ {CLAIM})")
    print(f"heavy packages imported: {', '.join(heavy) or 'none'}")
    (ROOT / ".artifacts").mkdir(exist_ok=True)
    (ROOT / ".artifacts" / "load_time.json").write_text(json.dumps(result, indent=2))
    return int(location / bare > CLAIM or bool(heavy))


if __name__ == "__main__":
    sys.exit(main())
