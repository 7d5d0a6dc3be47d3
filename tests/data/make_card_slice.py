"""Make the committed slice of card payments; run it from the project's root.

No row of it is real, for the table that the model fetches may not be handed on: 260 invented cards pay over the assigned days 2017-12-01 to
2018-04-08, from a seed. Columns, types and missing values are as in that table. Cards differ in how often, for what and from where they pay, frauds
in amount and counts, December in how much is bought.
"""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from assets.card_transactions.source import ARCHIVE, COUNTS, ZERO

TARGET = Path(__file__).parent / "slice" / ARCHIVE.folder.name
FIRST, UNTIL = datetime(2017, 12, 1, tzinfo=UTC), datetime(2018, 4, 9, tzinfo=UTC)
ROWS, CARDS, SEED = 9400, 260, 20180409
DAY = 86_400
BUSY_UNTIL, BUSY = datetime(2018, 1, 1, tzinfo=UTC), 1.35
PRODUCTS = {"W": (0.70, 110.0, 0.02), "C": (0.17, 35.0, 0.11), "R": (0.05, 150.0, 0.04), "H": (0.06, 70.0, 0.05), "S": (0.02, 60.0, 0.06)}
"""Of each kind of goods: its share of the payments, the median amount in USD, and the share of frauds before anything else is known."""

DEVICES = ["Windows", "iOS Device", "MacOS", "Trident/7.0", "SAMSUNG", "SM-X100 Build/AAA00A", "Phone 4 Build/BBB11B", "rv:1.0"]
MAILS = ["gmail.com", "hotmail.com", "anonymous.com", "yahoo.com", "outlook.com", "web.de", "yahoo.com.mx"]
HOURLY = np.array([5, 4, 3, 2, 1, 1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 7, 7, 7, 7, 7, 6, 6], dtype=float)


def missing(chance: np.random.Generator, values: np.ndarray, share: "np.ndarray | float") -> pl.Series:
    """Return the values, with that share of them missing."""
    return pl.Series(values).set(pl.Series(chance.random(len(values)) < share), None)


def moments(chance: np.random.Generator) -> np.ndarray:
    """Return when payments are asked for, in seconds since `ZERO`: by day, more of them in December, and by hour."""
    first, busy, until = ((moment - ZERO).days for moment in (FIRST, BUSY_UNTIL, UNTIL))
    weight = np.where(np.arange(first, until) < busy, BUSY, 1.0)
    days = first + chance.choice(until - first, ROWS, p=weight / weight.sum())
    hours = chance.choice(24, ROWS, p=HOURLY / HOURLY.sum())
    return np.sort(days * DAY + hours * 3600 + chance.integers(0, 3600, ROWS))


def cards(chance: np.random.Generator) -> pl.DataFrame:
    """Return the invented cards: their masked codes, their share of all payments, and the kind of goods that they mostly buy."""
    share = chance.pareto(0.9, CARDS) + 0.05
    return pl.DataFrame(
        {
            "card1": chance.choice(np.arange(1000, 18_500), CARDS, replace=False),
            "card2": missing(chance, chance.integers(100, 600, CARDS).astype(float), 0.01),
            "card3": missing(chance, chance.choice([150.0, 185.0, 146.0, 106.0], CARDS, p=[0.8, 0.14, 0.04, 0.02]), 0.005),
            "card5": missing(chance, chance.choice([226.0, 224.0, 166.0, 102.0], CARDS, p=[0.55, 0.2, 0.15, 0.1]), 0.005),
            "home": chance.choice([204.0, 264.0, 299.0, 325.0, 330.0, 441.0], CARDS),
            "usual": chance.choice(list(PRODUCTS), CARDS, p=[share for share, _, _ in PRODUCTS.values()]),
            "share": np.minimum(share / share.sum(), 0.1),
        }
    )


def payments(chance: np.random.Generator) -> pl.DataFrame:
    """Return the payments, each by a card, with what is known of it when it is asked for and whether it was a fraud."""
    owners = cards(chance)
    share = owners["share"].to_numpy()
    paid = owners[chance.choice(CARDS, ROWS, p=share / share.sum())]
    product = np.where(chance.random(ROWS) < 0.8, paid["usual"], chance.choice(list(PRODUCTS), ROWS))
    median, risk = (np.array([PRODUCTS[kind][place] for kind in product]) for place in (1, 2))
    fraud = chance.random(ROWS) < risk
    # A fraud is often larger, and of a card about which more is counted; so are some payments that are none.
    amount = np.round(np.clip(median * np.exp(chance.normal(0.5 * fraud, 0.8)), 1, 3000), 2)
    busy = chance.random(ROWS) < np.where(fraud, 0.5, 0.03)
    counts = {name: chance.negative_binomial(1, np.where(busy, 0.15, 0.35), ROWS).astype(float) for name in COUNTS}
    web = product != "W"
    return pl.DataFrame(
        {
            "TransactionID": 9_000_000 + np.cumsum(chance.integers(1, 50, ROWS)),
            "TransactionDT": moments(chance),
            "isFraud": fraud.astype(int),
            "TransactionAmt": np.where(chance.random(ROWS) < 0.4, np.ceil(amount), amount),
            "ProductCD": product,
            **{name: paid[name] for name in ("card1", "card2", "card3", "card5")},
            "addr1": missing(chance, paid["home"].to_numpy(), np.where(product == "C", 0.9, 0.02)),
            "R_emaildomain": missing(chance, chance.choice(MAILS, ROWS, p=[0.43, 0.2, 0.13, 0.1, 0.07, 0.04, 0.03]), np.where(web, 0.05, 0.97)),
            "DeviceInfo": missing(chance, chance.choice(DEVICES, ROWS, p=[0.42, 0.17, 0.06, 0.06, 0.05, 0.12, 0.08, 0.04]), np.where(web, 0.25, 1.0)),
            **counts,
        }
    )


def main() -> None:
    """Write the file and print its size."""
    TARGET.mkdir(parents=True, exist_ok=True)
    made = payments(np.random.default_rng(SEED))
    made.write_parquet(TARGET / "train.parquet", compression="zstd", compression_level=19)
    print(f"train: {made.height} rows, {made['isFraud'].sum()} frauds, {(TARGET / 'train.parquet').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
