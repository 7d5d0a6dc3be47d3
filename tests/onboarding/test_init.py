"""`mlworks init`: a whole project, the same as this one where it can be, which passes its own tests."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlworks_orchestration.cli.main import cli
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.onboarding import new_project
from mlworks_orchestration.onboarding.project import OWN, SHARED, project_files

ROOT = Path(__file__).parents[2]
FILES = project_files("shop")


def test_a_project_has_the_top_level_that_every_project_has(tmp_path: Path) -> None:
    told = json.loads(CliRunner().invoke(cli, ["init", str(tmp_path / "shop"), "--json"]).stdout)
    there = {path.relative_to(tmp_path / "shop").as_posix() for path in (tmp_path / "shop").rglob("*") if path.is_file()}
    assert set(told["files"]) == there == {*SHARED, *OWN}
    top = {"assets", "sensors", "resources", "tests", "workspace.yaml", "dagster.yaml", "pyproject.toml", "Makefile", "README.md", ".gitignore"}
    assert {path.partition("/")[0] for path in there} == top
    assert list(tmp_path.iterdir()) == [tmp_path / "shop"]


@pytest.mark.parametrize("path", SHARED)
def test_what_can_be_the_same_is_this_project_s_own(path: str) -> None:
    assert FILES[path] == (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", ["sensors", "resources"])
def test_no_trigger_and_no_environment_is_forgotten(folder: str) -> None:
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).glob("*.py")} == {path for path in SHARED if path.startswith(f"{folder}/")}


def test_the_wheel_has_what_a_new_project_needs(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        for path in SHARED:
            assert packed.read(f"mlworks_orchestration/onboarding/shared/{path}") == (ROOT / path).read_bytes()
        assert {f"mlworks_orchestration/onboarding/templates/{path}" for path in OWN.values()} <= set(packed.namelist())


def test_its_makefile_does_what_this_project_s_does() -> None:
    ours, theirs = (ROOT / "Makefile").read_text(encoding="utf-8"), FILES["Makefile"]
    exports = re.findall(r"^export .*", ours, flags=re.MULTILINE)
    assert len(exports) > 4
    assert set(exports) <= set(theirs.splitlines())
    for target in ("help", "ui"):
        recipe = re.compile(rf"^{target}:[^\n]*\n((?:\t[^\n]*\n|  [^\n]*\n)+)", flags=re.MULTILINE)
        [mine], [its] = recipe.findall(ours), recipe.findall(theirs)
        assert mine == its


def test_dg_is_told_the_same_of_both() -> None:
    ours, theirs = (tomllib.loads(text)["tool"] for text in ((ROOT / "pyproject.toml").read_text(encoding="utf-8"), FILES["pyproject.toml"]))
    assert ours["dg"] == theirs["dg"]
    assert {key: ours["ruff"][key] for key in theirs["ruff"]} == theirs["ruff"]


def test_no_host_is_named() -> None:
    for path, text in FILES.items():
        assert set(re.findall(r"https?://([^/:\s]+)", text)) <= {"127.0.0.1"}, path


def test_a_folder_with_something_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(MLWorksError, match="is there and not empty, so nothing was written"):
        new_project(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_the_way_of_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MLWorksError, match="cannot be made"):
        new_project(tmp_path / "file" / "shop")


def test_an_empty_folder_becomes_a_project(tmp_path: Path) -> None:
    (tmp_path / "Shop 2").mkdir()
    new_project(tmp_path / "Shop 2")
    assert 'name = "shop-2"' in (tmp_path / "Shop 2" / "pyproject.toml").read_text()


def test_a_new_project_passes_its_own_tests(tmp_path: Path) -> None:
    new_project(tmp_path / "shop")
    ours = {"MLWORKS_PROJECT", "MLWORKS_HOME", "DAGSTER_HOME", "MLWORKS_ENV", "PYTHONPATH"}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(["make", "test"], cwd=tmp_path / "shop", env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 passed" in ran.stdout
