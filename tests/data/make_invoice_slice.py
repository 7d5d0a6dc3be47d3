"""Make the committed slice of a web shop's invoices; run it from the project's root, without `MLWORKS_DATA`.

All invoice lines until 2011-08-31 of some twentieth of the customers, chosen by a hash.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from assets.customer_activity.source import ARCHIVE, lines_table

TARGET = Path(__file__).parent / "slice" / ARCHIVE.folder.name
UNTIL = datetime(2011, 9, 1, tzinfo=UTC)
SHARE = 1 / 20


def chosen(customer: int) -> bool:
    """Return whether a customer is in the slice; the same on every machine."""
    return int.from_bytes(hashlib.sha256(str(customer).encode()).digest()[:4]) < SHARE * 2**32


def main() -> None:
    """Write the file and print its size."""
    TARGET.mkdir(parents=True, exist_ok=True)
    lines = lines_table().filter(pl.col("InvoiceDate") < UNTIL, pl.col("Customer ID").is_not_null()).collect()
    customers = [customer for customer in lines["Customer ID"].unique() if chosen(customer)]
    lines = lines.filter(pl.col("Customer ID").is_in(customers))
    lines.write_parquet(TARGET / "online_retail.parquet", compression="zstd", compression_level=19)
    print(f"online_retail: {lines.height} lines of {len(customers)} customers, {(TARGET / 'online_retail.parquet').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
