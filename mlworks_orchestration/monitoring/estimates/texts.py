"""How far the texts of a window lie outside of those that an estimate was learnt from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mlworks_orchestration.monitoring.drift import Separation, TextProfile
from mlworks_orchestration.monitoring.drift.profiles.vocabulary import Outside, outside
from mlworks_orchestration.monitoring.drift.statistics.text_domain_classifier import tell_texts_apart
from mlworks_orchestration.monitoring.estimates.encoding import MOST_AUC, MOST_OUTSIDE


@dataclass(frozen=True, eq=False)
class Texts:
    """The texts of labelled rows.

    Parameters:
        profiles: by column.
        seed: of the samples of documents.
    """

    profiles: dict[str, TextProfile]
    seed: int

    @classmethod
    def of(cls, features: pl.DataFrame, names: Sequence[str], seed: int) -> "Texts":
        """Profile columns of texts.

        Parameters:
            features: with these columns.
            names: of the columns.
            seed: of the samples of documents.
        """
        return cls({name: TextProfile.of(features[name], np.random.default_rng(seed)) for name in names}, seed)

    def doubts(self, features: pl.DataFrame) -> list[str]:
        """Return why the texts of a window are unlike those of the labelled rows, in sentences.

        Parameters:
            features: of the window, with all columns.
        """
        return [doubt for name, known in self.profiles.items() for doubt in self._doubts(name, known, features[name])]

    def _doubts(self, name: str, known: TextProfile, values: pl.Series) -> list[str]:
        window, doubts = TextProfile.of(values, np.random.default_rng(self.seed + 1)), []
        strange, apart = outside(known, window), tell_texts_apart(known, window)
        if isinstance(strange, Outside) and strange.after - strange.before > MOST_OUTSIDE:
            doubts.append(
                f"{strange.after:.0%} of the words of {name} are outside the vocabulary of the labelled rows, {strange.before:.0%} of theirs."
            )
        if isinstance(apart, Separation) and apart.auc > MOST_AUC:
            doubts.append(f"Its words tell {name} of the window from that of the labelled rows (ROC AUC {apart.auc:.2f}, more than {MOST_AUC}).")
        return doubts
