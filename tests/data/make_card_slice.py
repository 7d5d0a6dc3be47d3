"""Make the committed slice of card payments; run it from the project's root, without `MLWORKS_DATA`.

Payments of the assigned days 2017-12-01 to 2018-04-08 with some fiftieth of the cards, chosen by a hash, so that each card's past is whole.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from assets.card_transactions.source import ARCHIVE, ZERO, payments_table

TARGET = Path(__file__).parent / "slice" / ARCHIVE.folder.name
UNTIL = datetime(2018, 4, 9, tzinfo=UTC)
SHARE = 1 / 50


def chosen(card: int) -> bool:
    """Return whether a card is in the slice; the same on every machine."""
    return int.from_bytes(hashlib.sha256(str(card).encode()).digest()[:4]) < SHARE * 2**32


def main() -> None:
    """Write the file and print its size."""
    TARGET.mkdir(parents=True, exist_ok=True)
    payments = payments_table().filter(pl.col("TransactionDT") < (UNTIL - ZERO).total_seconds()).collect()
    cards = [card for card in payments["card1"].unique() if chosen(card)]
    payments = payments.filter(pl.col("card1").is_in(cards))
    payments.write_parquet(TARGET / "train.parquet", compression="zstd", compression_level=19)
    print(f"train: {payments.height} rows, {payments['isFraud'].sum()} frauds, {(TARGET / 'train.parquet').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
