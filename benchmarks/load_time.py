"""Loading the code location against a bare `import dagster`, each in fresh processes of one run.

Claim: a process that loads it takes at most 1.5 times as long, and none of mlflow, sklearn, great_expectations, pyspark is imported.
Beside it stands the same without what a process takes to begin and to end, which is most of the difference between the two.
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


def seconds(code: str) -> tuple[float, float]:
    """Return the wall-clock seconds of a fresh interpreter that runs `code`, and those of the code alone."""
    timed = f"import time; begun = time.perf_counter(); {code}; print(time.perf_counter() - begun)"
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", timed], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - our own code
    return time.perf_counter() - begun, float(done.stdout.splitlines()[-1])


def heavy_imports() -> list[str]:
    """Return which heavy packages loading the code location imports."""
    code = f"{LOCATION}; import sys, json; print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - our own code
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    """Measure alternately, so that noise falls on both, and print the medians and their ratio."""
    rounds = [(*seconds(BARE), *seconds(LOCATION)) for _ in range(ROUNDS + 1)][1:]
    bare, bare_inside, location, inside = (statistics.median(column) for column in zip(*rounds, strict=True))
    heavy = heavy_imports()
    result = {
        "import_dagster_s": bare,
        "code_location_s": location,
        "ratio": location / bare,
        "ratio_inside": inside / bare_inside,
        "heavy_imports": heavy,
    }
    print(f"import dagster {bare:.2f} s, code location {location:.2f} s, ratio {location / bare:.2f} (claim: ≤ {CLAIM})")
    print(f"without the process's begin and end: {bare_inside:.2f} s, {inside:.2f} s, ratio {inside / bare_inside:.2f}")
    print(f"heavy packages imported: {', '.join(heavy) or 'none'}")
    (ROOT / ".artifacts").mkdir(exist_ok=True)
    (ROOT / ".artifacts" / "load_time.json").write_text(json.dumps(result, indent=2))
    return int(location / bare > CLAIM or bool(heavy))


if __name__ == "__main__":
    sys.exit(main())
