"""The two lists of pinned packages: what everybody installs, and what Spark adds to it."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / lock).read_text(encoding="utf-8")))


BASE, SPARK = pins("requirements.lock"), pins("requirements-spark.lock")


def declared(extra: str | None) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(text) for text in (project["optional-dependencies"][extra] if extra else project["dependencies"])]


def test_spark_adds_packages_and_pins_none_a_second_time() -> None:
    assert {"dagster-pyspark", "pyspark", "py4j"} <= SPARK.keys()
    assert not SPARK.keys() & BASE.keys()


def test_a_machine_without_spark_installs_nothing_of_it() -> None:
    assert not [name for name in BASE if "spark" in name]


@pytest.mark.parametrize("extra", [None, "dev", "spark"])
def test_what_is_pinned_is_what_is_declared(extra: str | None) -> None:
    together = BASE | SPARK
    wrong = [str(wanted) for wanted in declared(extra) if not wanted.specifier.contains(together.get(wanted.name, "0"))]
    assert not wrong


def test_dagster_s_integrations_are_of_one_release() -> None:
    assert SPARK["dagster-pyspark"] == SPARK["dagster-spark"] == BASE["dagster-mlflow"]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-spark.lock"])
def test_every_pin_has_a_hash_and_no_registry_is_named(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    for entry in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE):
        assert not PIN.match(entry) or "--hash=sha256:" in entry
