"""A backtest of four policies against full replays of the same model, each in a fresh process and an empty place, by the processor's time.

A replay tries one policy, so a backtest stands for four of them. Claim: at most a fifth of that.
What retraining at every step would have come to, with which a replay ends, is a backtest itself and not counted: a first replay, which
also fetches the data, leaves it for the second, whose time counts. `python benchmarks/backtest.py [MODEL]`.
Writes `.artifacts/backtest.json`; exit code 1 when the claim does not hold.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
CLAIM = 1 / 5
POLICIES = 4
KEPT = "backtest"
MODEL = "coupon_usage"


def processor_seconds(home: str, *arguments: str) -> float:
    """Return the processor's seconds of a command of ours, those of the processes that it starts included."""
    data = os.environ.get("MLWORKS_DATA", str(ROOT / ".mlworks" / "data"))
    environment = {**os.environ, "MLWORKS_HOME": home, "DAGSTER_HOME": str(ROOT), "MLWORKS_DATA": data, "MLWORKS_ENV": "local"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [str(Path(sys.executable).parent / "mlworks"), *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Measure both, and print the ratio."""
    model = sys.argv[1] if len(sys.argv) > 1 else MODEL
    found = {}
    with TemporaryDirectory(prefix="mlworks-bench-") as place:
        homes = {name: Path(place) / name for name in ("first replay", "replay", "backtest")}
        for name, home in homes.items():
            home.mkdir()
            if name == "replay":
                (homes["first replay"] / KEPT).rename(home / KEPT)
            found[name] = processor_seconds(str(home), name.split()[-1], model)
    ratio = found["backtest"] / (POLICIES * found["replay"])
    told = f"a backtest of {POLICIES} policies is {found['backtest'] / found['replay']:.2f} of one replay"
    print(f"{model}, by the processor's time: {told}, so a policy is {ratio:.3f} (claim: ≤ {CLAIM:g})")
    (ROOT / ".artifacts").mkdir(exist_ok=True)
    (ROOT / ".artifacts" / "backtest.json").write_text(json.dumps({"model": model, **found, "ratio": ratio}, indent=2))
    return int(ratio > CLAIM)


if __name__ == "__main__":
    sys.exit(main())
