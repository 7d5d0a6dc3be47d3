"""The profile of a column of texts: how long they are, which tokens they hold, and a sample of them."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.profiles.arrays import from_text, to_text
from mlworks_orchestration.monitoring.drift.profiles.bins import Integers
from mlworks_orchestration.monitoring.drift.profiles.numeric import NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.sampling import Lowest, draw, merge
from mlworks_orchestration.monitoring.drift.profiles.stored import whole

BUCKETS = 2**14
"""Into how many buckets tokens are hashed, by the CRC-32 of their UTF-8."""

MOST_TOKENS = 512
"""Distinct tokens of a document that count, the first in it; so a document of a megabyte weighs no more than a long one."""

MOST_OF_PART = 128
"""Documents that the profile of a partition keeps at most."""

MOST_MERGED = 1024
"""Documents that the profile of a window or of a reference keeps at most."""

TOKEN = r"\w+|[^\w\s]"  # noqa: S105 - the pattern of a word, not a secret
"""A word, or a single other sign (punctuation, an emoji); white space separates."""

_CHUNK = 20_000


class Documents(NamedTuple):
    """Documents as the buckets of their distinct tokens.

    Parameters:
        sizes: buckets of each document, shape (documents,).
        buckets: of all documents, one after the other, each document's ascending, shape (sum of sizes,).
    """

    sizes: Integers
    buckets: NDArray[np.uint16]

    @classmethod
    def together(cls, parts: "Sequence[Documents]") -> "Documents":
        """Return all documents of the parts, one part after the other."""
        return cls(np.concatenate([part.sizes for part in parts]), np.concatenate([part.buckets for part in parts]))

    def take(self, positions: Integers) -> "Documents":
        """Return some of the documents, in the order given."""
        ends = np.cumsum(self.sizes)
        sizes = self.sizes[positions]
        within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return Documents(sizes, self.buckets[np.repeat(ends[positions] - sizes, sizes) + within])


@dataclass(frozen=True, eq=False)
class TextProfile:
    """A column of texts.

    Parameters:
        missing: rows that are null.
        lengths: tokens a document.
        characters: characters a document.
        counts: documents by bucket that hold a token of it, shape (2**14,); two tokens of a document in one bucket count twice.
        lowest: which documents are in the sample.
        sample: those documents.

    Examples:
        >>> profile = TextProfile.of(pl.Series(["The cat 🐈", "the dog!", "", None]), np.random.default_rng(1))
        >>> profile.rows, profile.missing, profile.lengths.moments.mean, profile.distinct, int(profile.counts.max())
        (4, 1, 2.0, 5, 2)
    """

    type: ClassVar[str] = "text"

    missing: int
    lengths: NumericProfile
    characters: NumericProfile
    counts: Integers
    lowest: Lowest
    sample: Documents

    @classmethod
    def of(cls, values: pl.Series, generator: np.random.Generator, *, most: int = MOST_OF_PART) -> Self:
        """Profile documents, in any order. Tokens are words in lower case and single other signs.

        Parameters:
            values: texts; null is missing, an empty text is a document without tokens.
            generator: draws the sample; no two parts that are to be merged may get it in the same state.
            most: documents that the sample holds at most.
        """
        documents = values.cast(pl.String).drop_nulls()
        chunks = [documents.slice(start, _CHUNK) for start in range(0, max(len(documents), 1), _CHUNK)]
        lengths, counts = zip(*(_counted(chunk) for chunk in chunks), strict=True)
        lowest, positions = draw(len(documents), most, generator)
        return cls(
            len(values) - len(documents),
            NumericProfile.merged(lengths),
            NumericProfile.of(documents.str.len_chars().to_numpy().astype(np.float64)),
            np.sum(counts, axis=0),
            lowest,
            _hashed(documents.gather(positions)),
        )

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """Return the profile of all rows together; its sample holds at most 1,024 documents."""
        lowest, kept, order = merge([part.lowest for part in parts], MOST_MERGED)
        samples = [part.sample.take(positions) for part, positions in zip(parts, kept, strict=True)]
        return cls(
            sum(part.missing for part in parts),
            NumericProfile.merged([part.lengths for part in parts]),
            NumericProfile.merged([part.characters for part in parts]),
            np.sum([part.counts for part in parts], axis=0),
            lowest,
            Documents.together(samples).take(order),
        )

    @property
    def present(self) -> int:
        """Documents."""
        return self.lengths.present

    @property
    def rows(self) -> int:
        """All rows."""
        return self.present + self.missing

    @cached_property
    def distinct(self) -> int:
        """Buckets that hold tokens: the distinct tokens, as long as no two share a bucket."""
        return int(np.count_nonzero(self.counts))

    def to_document(self) -> dict[str, Any]:
        """Return what is stored: the buckets in use and their counts, and the sample's documents by sizes and buckets; arrays are packed."""
        counts = self.counts.astype(np.uint32) if self.counts.max() < 2**32 else self.counts
        used = np.flatnonzero(counts)
        return {
            "missing": self.missing,
            "lengths": self.lengths.to_document(),
            "characters": self.characters.to_document(),
            "used": to_text(np.diff(used, prepend=0).astype(np.uint16)),
            "counts": to_text(counts[used]),
            "threshold": self.lowest.threshold,
            "priorities": to_text(self.lowest.priorities),
            "sizes": to_text(self.sample.sizes.astype(np.uint16)),
            "buckets": to_text(self.sample.buckets),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_document` wrote.

        Raises:
            ValueError: if its parts do not fit together.
        """
        used, found = np.cumsum(from_text(document["used"]).astype(np.int64)), from_text(document["counts"])
        lowest = Lowest(float(document["threshold"]), from_text(document["priorities"]))
        sample = Documents(from_text(document["sizes"]).astype(np.int64), from_text(document["buckets"]))
        if used.shape != found.shape or len(lowest.priorities) != len(sample.sizes) or sample.sizes.sum() != len(sample.buckets):
            message = f"{len(used)} buckets, {len(found)} counts, {len(sample.sizes)} documents with {len(sample.buckets)} tokens"
            raise ValueError(message)
        counts = np.zeros(BUCKETS, dtype=np.int64)
        counts[used] = found
        lengths, characters = (NumericProfile.from_document(document[name]) for name in ("lengths", "characters"))
        return cls(whole(document, "missing"), lengths, characters, counts, lowest, sample)


def _counted(documents: pl.Series) -> tuple[NumericProfile, Integers]:
    tokens = documents.str.to_lowercase().str.extract_all(TOKEN)
    lengths = NumericProfile.of(tokens.list.len().to_numpy().astype(np.float64))
    table = _distinct(tokens).explode(empty_as_null=False).alias("token").value_counts(name="documents")
    weights = np.bincount(_buckets(table["token"]), weights=table["documents"].to_numpy(), minlength=BUCKETS)
    return lengths, weights.astype(np.int64)


def _hashed(documents: pl.Series) -> Documents:
    tokens = _distinct(documents.str.to_lowercase().str.extract_all(TOKEN))
    sizes = tokens.list.len().to_numpy().astype(np.int64)
    buckets = _buckets(tokens.explode(empty_as_null=False))
    order = np.lexsort((buckets, np.repeat(np.arange(len(sizes)), sizes)))
    return Documents(sizes, buckets[order].astype(np.uint16))


def _distinct(tokens: pl.Series) -> pl.Series:
    return tokens.list.unique(maintain_order=True).list.head(MOST_TOKENS)


def _buckets(tokens: pl.Series) -> Integers:
    return np.fromiter((zlib.crc32(token.encode()) % BUCKETS for token in tokens), dtype=np.int64, count=len(tokens))
