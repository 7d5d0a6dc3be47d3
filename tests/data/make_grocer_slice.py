"""Make the committed slice of a grocer's tables; run it from the project's root.

No row of it is real, for nobody says that the real ones may be handed on: stores, products, campaigns and purchases of the first 26 weeks of 2017 are
invented from a seed. Stores differ in size, ice cream sells better towards summer and when it is on the front page, coupons while campaigns run.
"""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from assets.store_sales.source import ARCHIVE, TIMEZONE

TARGET = Path(__file__).parent / "slice" / ARCHIVE.folder.name
SEED, STORES, PRODUCTS, OTHERS, HOUSEHOLDS, WEEKS = 20170102, 108, 160, 400, 1500, 26
FIRST_MONDAY = datetime(2016, 12, 26)  # noqa: DTZ001 - local; the archive's week 1
PROMOTED = 24
KINDS = {"A": (2, 900), "B": (9, 250), "C": (4, 100)}
"""Of each type of campaign: how many there are, and how many households get each."""


def products(chance: np.random.Generator) -> pl.DataFrame:
    """Return the kinds of ice cream."""
    return pl.DataFrame(
        {
            "product_id": np.sort(chance.choice(np.arange(50_000, 90_000), PRODUCTS, replace=False)),
            "manufacturer_id": chance.integers(1, 20, PRODUCTS),
            "department": ["GROCERY"] * PRODUCTS,
            "brand": chance.choice(["National", "Private"], PRODUCTS, p=[0.7, 0.3]),
            "product_category": ["ICE CREAM/MILK/SHERBTS"] * PRODUCTS,
            "product_type": chance.choice(["TRADITIONAL", "PREMIUM", "SHERBET"], PRODUCTS),
            "package_size": chance.choice(["56 OZ", "16 OZ", "1.75 QT"], PRODUCTS),
        }
    )


def promotions(chance: np.random.Generator, stores: np.ndarray, frozen: np.ndarray) -> tuple[pl.DataFrame, np.ndarray]:
    """Return what is promoted in which store and week, and how many products are on the front page, by week."""
    front = chance.integers(0, 9, WEEKS)
    parts = []
    for week in range(WEEKS):
        chosen = chance.choice(frozen, PROMOTED, replace=False)
        page = np.where(
            np.arange(PROMOTED) < front[week], chance.choice(["D", "H"], PROMOTED), chance.choice(["A", "0", "L"], PROMOTED, p=[0.7, 0.2, 0.1])
        )
        for store in stores:
            shown = chance.choice(["0", "3", "5", "9"], PROMOTED, p=[0.65, 0.2, 0.1, 0.05])
            columns = {"product_id": chosen, "store_id": store, "display_location": shown, "mailer_location": page, "week": week + 1}
            parts.append(pl.DataFrame(columns)[: PROMOTED - int(chance.integers(0, 6))])
    return pl.concat(parts).with_columns(pl.col("week").cast(pl.Int64)), front


def campaigns(chance: np.random.Generator, frozen: np.ndarray) -> dict[str, pl.DataFrame]:
    """Return the campaigns, who got them, and the coupons of theirs that are for ice cream."""
    kinds = [kind for kind, (number, _) in KINDS.items() for _ in range(number)]
    starts = [datetime(2017, 1, 10) + timedelta(days=int(day)) for day in np.sort(chance.integers(0, 150, len(kinds)))]  # noqa: DTZ001 - local
    chance.shuffle(kinds)
    numbers = range(1, len(kinds) + 1)
    described = pl.DataFrame({"campaign_id": numbers, "campaign_type": [f"Type {kind}" for kind in kinds], "start_date": starts})
    got = [chance.choice(HOUSEHOLDS, KINDS[kind][1], replace=False) + 1 for kind in kinds]
    upcs = [(number, 10_000_000_000 + 7 * number + part, product) for number in numbers[::2] for part in (0, 1) for product in frozen[part::40]]
    return {
        "campaign_descriptions": described.with_columns(
            pl.col("start_date").cast(pl.Datetime("ns")), (pl.col("start_date") + timedelta(days=38)).cast(pl.Datetime("ns")).alias("end_date")
        ),
        "campaigns": pl.concat(
            pl.DataFrame({"campaign_id": pl.repeat(number, len(who), eager=True, dtype=pl.Int64), "household_id": who})
            for number, who in zip(numbers, got, strict=True)
        ),
        "coupons": pl.DataFrame(upcs, schema={"campaign_id": pl.Int64, "coupon_upc": pl.Int64, "product_id": pl.Int64}, orient="row").select(
            "coupon_upc", "product_id", "campaign_id"
        ),
    }


def transactions(chance: np.random.Generator, stores: np.ndarray, frozen: np.ndarray, front: np.ndarray, running: np.ndarray) -> pl.DataFrame:
    """Return the lines of receipts: ice cream, and whatever was paid for with a coupon.

    Parameters:
        chance: source of randomness.
        stores: their numbers.
        frozen: the products that are ice cream.
        front: products on the front page, by week.
        running: campaigns that run, by week.
    """
    size = chance.lognormal(0, 0.7, STORES)
    week, store = (grid.ravel() for grid in np.meshgrid(np.arange(WEEKS), np.arange(STORES), indexing="ij"))
    cream = chance.poisson(1.6 * size[store] * np.exp(0.02 * week + 0.06 * front[week]))
    coupons = chance.poisson(2.5 * size[store] * (1 + 0.04 * running[week]))
    lines = np.concatenate([np.repeat(np.arange(len(week)), each) for each in (cream, coupons)])
    paid = np.arange(len(lines)) >= cream.sum()
    quantity = chance.choice([1, 2, 3], len(lines), p=[0.85, 0.12, 0.03])
    moment = [
        FIRST_MONDAY + timedelta(weeks=int(each), seconds=int(second))
        for each, second in zip(week[lines], chance.integers(86_400 + 6 * 3600, 7 * 86_400, len(lines)), strict=True)
    ]
    found = {
        "household_id": chance.integers(1, HOUSEHOLDS + 1, len(lines)),
        "store_id": stores[store[lines]],
        "basket_id": 50_000_000_000 + np.arange(len(lines)),
        "product_id": np.where(paid, chance.integers(100_000, 100_000 + OTHERS, len(lines)), chance.choice(frozen, len(lines))),
        "quantity": quantity,
        "sales_value": np.round(quantity * chance.uniform(2, 5, len(lines)), 2),
        "retail_disc": np.round(chance.exponential(0.6, len(lines)), 2),
        "coupon_disc": np.where(paid, chance.choice([0.4, 0.5, 0.55, 1.0], len(lines)), 0.0),
        "coupon_match_disc": np.where(paid, chance.choice([0.0, 0.25, 0.45], len(lines)), 0.0),
        "week": week[lines] + 1,
        "transaction_timestamp": moment,
    }
    utc = pl.col("transaction_timestamp").dt.replace_time_zone(TIMEZONE, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    return pl.DataFrame(found).with_columns(utc.dt.replace_time_zone(None).cast(pl.Datetime("ns"))).drop_nulls().sort("transaction_timestamp")


def tables() -> dict[str, pl.DataFrame]:
    """Return the grocer's tables by name."""
    chance = np.random.default_rng(SEED)
    stores = np.sort(chance.choice(np.arange(300, 900), STORES, replace=False))
    made = {"products": products(chance)}
    frozen = made["products"]["product_id"].to_numpy()
    made["promotions"], front = promotions(chance, stores, frozen)
    made |= campaigns(chance, frozen)
    mondays = [FIRST_MONDAY + timedelta(weeks=week) for week in range(WEEKS)]
    spans = made["campaign_descriptions"].select("start_date", "end_date").rows()
    running = np.array([sum(start <= monday <= end for start, end in spans) for monday in mondays])
    return made | {"transactions": transactions(chance, stores, frozen, front, running)}


def main() -> None:
    """Write all files and print their sizes."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, frame in tables().items():
        frame.write_parquet(TARGET / f"{name}.parquet", compression="zstd", compression_level=19)
        print(f"{name}: {frame.height} rows, {(TARGET / f'{name}.parquet').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
