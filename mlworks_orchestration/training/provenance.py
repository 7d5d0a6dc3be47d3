"""Which code made a model: the git commit of the estimator's folder."""

import inspect
import subprocess
from pathlib import Path
from typing import NamedTuple

_SECONDS = 10


class GitState(NamedTuple):
    """A state of the code.

    Parameters:
        commit: the full hash; empty outside git.
        dirty: whether tracked files differ from it.
    """

    commit: str
    dirty: bool


def git_state(of: object) -> GitState:
    """Return the state of the repository that holds the source of a function or class.

    Parameters:
        of: a function or class.

    Examples:
        >>> git_state(len)
        GitState(commit='', dirty=False)
    """
    try:
        source = inspect.getsourcefile(of)  # type: ignore[arg-type]
    except TypeError:
        # Built-in, so written in no file of ours.
        return GitState("", dirty=False)
    folder = Path(source or "").resolve().parent
    commit = _git(folder, "rev-parse", "HEAD")
    return GitState(commit, dirty=bool(commit and _git(folder, "status", "--porcelain", "--untracked-files=no")))


def _git(folder: Path, *command: str) -> str:
    """Return what git says, or nothing where there is no git, no repository or no commit."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *command], capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603, S607 - fixed words, and git is where the PATH has it
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
