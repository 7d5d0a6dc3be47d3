"""Make the committed slices of the avocado and the grocer's data; run it from the project's root, without `MLWORKS_DATA`.

Of the avocados fourteen markets up to February 2017; of the grocer every store up to June 2017, its ice cream and its coupons, and the
promotions of every fourth kind of ice cream.
"""

from datetime import date
from pathlib import Path

import polars as pl

from assets.avocado_sales.source import ARCHIVE as AVOCADOS
from assets.avocado_sales.source import SALES
from assets.store_sales.source import ARCHIVE as GROCER
from assets.store_sales.source import ice_cream, table

SLICE = Path(__file__).parent / "slice"
MARKETS = [
    "Albany",
    "Atlanta",
    "Boise",
    "Boston",
    "Chicago",
    "Denver",
    "Detroit",
    "Houston",
    "LosAngeles",
    "NewYork",
    "Orlando",
    "Seattle",
    "StLouis",
    "TotalUS",
    "Tampa",
]
LAST_DAY, LAST_WEEK, EVERY = date(2017, 2, 26), 26, 4


def grocer() -> dict[str, pl.LazyFrame]:
    """Return the grocer's tables by name, thinned."""
    frozen = pl.col("product_id").is_in(ice_cream())
    early = pl.col("week") <= LAST_WEEK
    return {
        "transactions": table("transactions").filter(early & (frozen | (pl.col("coupon_disc") > 0))),
        "promotions": table("promotions").filter(early & pl.col("product_id").is_in(ice_cream()[::EVERY])),
        "products": table("products").filter(frozen),
        "coupons": table("coupons").filter(frozen),
        "campaigns": table("campaigns"),
        "campaign_descriptions": table("campaign_descriptions"),
    }


def main() -> None:
    """Write all files and print their sizes."""
    avocados = pl.scan_parquet(AVOCADOS.table(SALES)).filter(pl.col("region").is_in(MARKETS) & (pl.col("date") <= LAST_DAY))
    for folder, tables in ((AVOCADOS.folder.name, {"avocados": avocados}), (GROCER.folder.name, grocer())):
        (SLICE / folder).mkdir(parents=True, exist_ok=True)
        for name, rows in tables.items():
            target = SLICE / folder / f"{name}.parquet"
            frame = rows.collect()
            frame.write_parquet(target, compression="zstd", compression_level=19)
            print(f"{name}: {frame.height} rows, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
