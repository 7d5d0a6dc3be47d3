"""docs/drift.md says what the command line and the function really take and give."""

import json
import re
import subprocess
import sys
from inspect import signature
from pathlib import Path

import polars as pl

from mlworks_orchestration.cli.drift import drift
from mlworks_orchestration.monitoring.drift import analyze

TEXT = (Path(__file__).parents[2] / "docs" / "drift.md").read_text(encoding="utf-8")


def code(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)
    return str(found)


def test_the_table_has_every_option_of_the_verb() -> None:
    told = re.findall(r"^\| `(--[a-z-]+)", TEXT, flags=re.MULTILINE)
    assert sorted(told) == sorted(option for parameter in drift.params for option in parameter.opts if option.startswith("--"))


def test_the_defaults_are_those_that_are_told() -> None:
    defaults = {option: parameter.default for parameter in drift.params for option in parameter.opts}
    told = re.findall(r"^\| `(--[a-z-]+) ([0-9.]+)`", TEXT, flags=re.MULTILINE)
    assert {option: float(value) for option, value in told} == {option: defaults[option] for option, _ in told}
    assert len(told) == 3


def test_the_function_takes_what_is_told() -> None:
    told = re.search(r"`analyze\((.*?)\)`", TEXT)
    assert told is not None
    assert told[1].replace("*, ", "").split(", ") == list(signature(analyze).parameters)


def test_the_json_has_the_fields_that_are_told() -> None:
    frame = pl.DataFrame({"distance": [row * 37 % 100 for row in range(1000)]})
    given, told = analyze(frame, frame).to_dict(), json.loads(code("json"))
    assert given["dataset"].keys() == told["dataset"].keys()
    assert given["columns"]["distance"].keys() == told["columns"]["distance"].keys()
    assert given["columns"]["distance"]["statistics"]["ks"].keys() == told["columns"]["distance"]["statistics"]["ks"].keys()


def test_the_python_runs() -> None:
    ran = subprocess.run([sys.executable, "-c", code("python")], capture_output=True, text=True, check=False)
    assert ran.stderr == ""
