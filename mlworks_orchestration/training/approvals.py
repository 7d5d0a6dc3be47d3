"""What people said about a version that waits for them: rows of the lake table `<model>/approvals`, which only grows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import TrainingError

Action = Literal["approve", "reject"]

_SCHEMA = pl.Schema(
    {
        "number": pl.Int64(),
        "version": pl.Int64(),
        "action": pl.String(),
        "by": pl.String(),
        "why": pl.String(),
        "recorded_at": pl.Datetime("us", "UTC"),
    }
)


@dataclass(frozen=True)
class Word:
    """The last word of one person about a version.

    Parameters:
        action: `approve` or `reject`.
        by: who.
        why: the reason in words.
        recorded_at: when.
    """

    action: Action
    by: str
    why: str
    recorded_at: datetime


@dataclass(frozen=True)
class Standing:
    """How a version stands with the people who said something about it; of each person the last word counts.

    Parameters:
        words: one a person.
    """

    words: tuple[Word, ...]

    @property
    def approvals(self) -> tuple[Word, ...]:
        """The words of those who approve."""
        return tuple(word for word in self.words if word.action == "approve")

    @property
    def rejections(self) -> tuple[Word, ...]:
        """The words of those who reject; one of them is enough to hold the version back."""
        return tuple(word for word in self.words if word.action == "reject")

    def grants(self, needed: int) -> bool:
        """Return whether enough people approve and nobody rejects.

        Parameters:
            needed: how many people must approve.
        """
        return not self.rejections and len(self.approvals) >= needed


def approvals(lake: Lake, model: str) -> pl.DataFrame:
    """Return all that was said about a model's versions, in the order in which it was recorded.

    Parameters:
        lake: where it is recorded.
        model: the model's name.

    Returns:
        Rows of number, version, action, by, why and recorded_at.
    """
    table = table_of(model)
    return lake.read(table).sort("number", "recorded_at") if lake.exists(table) else _SCHEMA.to_frame()


def standing(lake: Lake, model: str, version: int) -> Standing:
    """Return how a version stands.

    Parameters:
        lake: where approvals are recorded.
        model: the model's name.
        version: its number.
    """
    said = approvals(lake, model).filter(pl.col("version") == version).select("action", "by", "why", "recorded_at")
    last = {person(row["by"]): Word(**row) for row in said.iter_rows(named=True)}
    return Standing(tuple(last.values()))


def say(lake: Lake, model: str, version: int, word: Action, *, by: str, why: str) -> bool:  # noqa: PLR0913 - a word has that many parts
    """Record a person's word about a version, unless it is that person's last word already.

    Parameters:
        lake: where it is recorded.
        model: the model's name.
        version: its number.
        word: `approve` or `reject`.
        by: who; case and spaces do not make another person.
        why: the reason in words.

    Returns:
        Whether a row was written.

    Raises:
        TrainingError: if nobody is named or no reason is given.
    """
    check_signed(by, why)
    same = [each for each in standing(lake, model, version).words if person(each.by) == person(by)]
    if same and same[0].action == word:
        return False
    row = (approvals(lake, model).height + 1, version, word, " ".join(by.split()), why.strip(), clock.now())
    lake.append(table_of(model), pl.DataFrame([row], schema=_SCHEMA, orient="row"))
    return True


def check_signed(by: str, why: str) -> None:
    """Refuse what nobody answers for.

    Parameters:
        by: who.
        why: the reason in words.

    Raises:
        TrainingError: if either is empty.
    """
    for option, given in (("--by", by), ("--why", why)):
        if not given.strip():
            message = f"{option} is empty; write {'who you are' if option == '--by' else 'the reason'}, for it is kept with what was done."
            raise TrainingError(message)


def person(name: str) -> str:
    """Return what tells people apart: the name without regard to case and spaces.

    Examples:
        >>> person(" Anna  Berg") == person("anna berg")
        True
    """
    return " ".join(name.split()).casefold()


def table_of(model: str) -> str:
    """Return the lake table of a model's approvals."""
    return f"{model}/approvals"
