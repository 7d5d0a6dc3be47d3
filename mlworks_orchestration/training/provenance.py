"""Which code made a model: the git commit of the estimator's folder, and the hash of its file."""

import hashlib
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
    source = _source_file(of)
    if source is None:
        return GitState("", dirty=False)
    folder = source.parent
    commit = _git(folder, "rev-parse", "HEAD")
    return GitState(commit, dirty=bool(commit and _git(folder, "status", "--porcelain", "--untracked-files=no")))


def source_hash(of: object, commit: str = "") -> str:
    """Return the SHA-256 of the file that holds the source of a function or class; empty where there is none.

    Parameters:
        of: a function or class.
        commit: take the file as it is in this commit of its repository; as it is on disk by default.

    Examples:
        >>> source_hash(len), len(source_hash(git_state))
        ('', 64)
    """
    source = _source_file(of)
    if source is None:
        return ""
    if not commit:
        return hashlib.sha256(source.read_text().strip().encode()).hexdigest()
    kept = _git(source.parent, "show", f"{commit}:./{source.name}")
    return hashlib.sha256(kept.encode()).hexdigest() if kept else ""


def _source_file(of: object) -> Path | None:
    try:
        source = inspect.getsourcefile(of)  # type: ignore[arg-type]
    except TypeError:
        # Built-in, so written in no file of ours.
        return None
    return Path(source).resolve() if source else None


def _git(folder: Path, *command: str) -> str:
    """Return what git says, or nothing where there is no git, no repository or no commit."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *command], capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603, S607 - fixed words, and git is where the PATH has it
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
