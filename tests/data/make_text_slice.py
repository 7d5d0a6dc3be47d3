"""Make the committed slices of the texts; run it from the project's root.

No text of it is real, for what others wrote may not be handed on: sentences are put together from a seed. Each source has its own length and its own
words for what is spoken of, as the real ones have; how good it is follows from the words of praise and blame, of which some are wrong.
"""

from pathlib import Path

import numpy as np
import polars as pl

from assets.reviews.source import rated

SLICE = Path(__file__).parent / "slice"
SEED, MISLEADING, NEUTRAL = 20140601, 0.2, 0.03
PRAISE = ["wonderful", "charming", "clever", "moving", "superb", "reliable", "fair", "delightful", "great", "excellent", "honest", "lovely"]
BLAME = ["dull", "clumsy", "weak", "boring", "broken", "awful", "unfair", "terrible", "poor", "noisy", "dreadful", "tedious"]
PATTERNS = [
    "The {what} was {how}.",
    "I found the {what} {how}!",
    "Such {how} work: the {what}",
    "It is the {what} that makes it {how},",
    "Truly {how}, this {what}?",
]
SOURCES: dict[str, tuple[int, int, list[str]]] = {
    "imdb": (400, 12, ["plot", "acting", "ending", "director", "dialogue", "film", "scene", "cast", "music"]),
    "movie": (1061, 2, ["film", "story", "script", "hero", "comedy", "drama", "camera", "cast"]),
    "amazon": (371, 2, ["battery", "phone", "camera", "manual", "player", "screen", "price", "case"]),
    "nyt": (519, 3, ["budget", "senate", "reform", "court", "policy", "treaty", "city", "vote"]),
    "tweets": (420, 1, ["day", "game", "song", "coffee", "monday", "team", "weather", "lol"]),
}
"""Of each source: how many texts, how many sentences each at the median, and what is spoken of."""


def written(chance: np.random.Generator, goodness: float, sentences: int, things: list[str]) -> str:
    """Return a text whose words praise or blame, most of them rightly.

    Parameters:
        chance: source of randomness.
        goodness: -4 to 4.
        sentences: how many.
        things: what may be spoken of.
    """
    parts = []
    for _ in range(sentences):
        right = chance.random() > MISLEADING
        words = PRAISE if (goodness > 0) == right else BLAME
        parts.append(str(chance.choice(PATTERNS)).format(what=chance.choice(things), how=chance.choice(words)))
    return ("<br /><br />" if sentences > 8 else " ").join(parts)


def rows(chance: np.random.Generator, source: str) -> pl.DataFrame:
    """Return the rows of a source, with the columns of the archive."""
    number, length, things = SOURCES[source]
    rating = np.round(chance.uniform(0.1, 4, number) * chance.choice([-1, 1], number), 2)
    if source != "imdb":
        rating[chance.random(number) < NEUTRAL] = 0.0
    texts = [written(chance, good, max(1, int(chance.poisson(length))), things) for good in rating]
    if source == "imdb":
        return pl.DataFrame({"review": texts, "sentiment": np.where(rating > 0, "positive", "negative")})
    numbers = pl.Series(range(1, number + 1))
    parted = source in {"amazon", "nyt"}
    return pl.DataFrame({"id": numbers.cast(pl.String) + "_1" if parted else numbers, "rating": rating, "text": texts})


def main() -> None:
    """Write all files and print their sizes."""
    chance = np.random.default_rng(SEED)
    for source in SOURCES:
        like = rated(source)
        target = SLICE / like.parent.name / like.name
        target.parent.mkdir(parents=True, exist_ok=True)
        frame = rows(chance, source)
        frame.write_parquet(target, compression="zstd", compression_level=19)
        print(f"{source}: {frame.height} rows, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
