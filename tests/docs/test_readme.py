"""The README against the code: its commands can be read by the command line, its targets and folders are there."""

import re
import shlex
from pathlib import Path

import click
import pytest

from mlworks_orchestration.cli.main import cli

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = "\n".join(re.findall(r"^```bash\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE))
INLINE = [code for code in re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", TEXT, flags=re.DOTALL | re.MULTILINE)) if " " in code]
COMMANDS = [shlex.split(line, comments=True)[1:] for line in [*BLOCKS.splitlines(), *INLINE] if re.match("mlworks [a-z]", line)]


@pytest.mark.parametrize("arguments", COMMANDS, ids=[" ".join(arguments) for arguments in COMMANDS])
def test_a_command_of_the_readme_is_one_that_the_command_line_takes(arguments: list[str]) -> None:
    command: click.Command | None = cli
    while isinstance(command, click.Group):
        verb, *arguments = arguments
        command = command.get_command(click.Context(command), verb)
    assert command is not None
    command.make_context(command.name, arguments)


def test_every_target_of_the_readme_is_one_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    told = set(re.findall(r"\bmake ([a-z]+)", "\n".join([BLOCKS, *INLINE])))
    assert {"demo", "test", "ui", "bench", "env"} <= told <= targets


def test_every_path_of_the_readme_is_there() -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", TEXT)
    folders = re.findall(r"`([a-z_]+/)`", TEXT.split("## Where things live")[1])
    assert folders
    for path in [*links, *folders]:
        assert (ROOT / path).exists(), path
