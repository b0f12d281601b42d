"""Whose a row is when its code is missing or slipped: what other rows said of its account, project or name.

The word that was said last before the row counts; where it is said later only, the row counts from then on: nothing is
known before it was reported.
"""

import polars as pl

LINKS = {"value": pl.String(), "number": pl.Int32(), "reported": pl.Datetime("us", "UTC")}


def told(rows: pl.DataFrame, item: str) -> pl.DataFrame:
    """Who was named with each value of an item, and since when (LINKS); null where several were named at once."""
    named = rows.select(tidy(item).alias("value"), "number", "reported").drop_nulls()
    pairs = named.group_by("value", "number").agg(pl.col("reported").min())
    lone = pl.when(pl.len() == 1).then(pl.col("number").first())
    return pairs.group_by("value", "reported").agg(lone.alias("number")).sort("reported", "value")


def tidy(item: str) -> pl.Expr:
    """A name or number as it can be compared: half width, one case, without gaps."""
    return pl.col(item).cast(pl.String).str.normalize("NFKC").str.to_lowercase().str.replace_all(r"[\s\p{Z}]", "")


def only_unique(links: pl.DataFrame) -> pl.DataFrame:
    """A name that a second employer bears tells nothing from then on."""
    return links.with_columns(pl.when(pl.int_range(pl.len()).over("value") == 0).then("number").alias("number"))


def follow(rows: pl.DataFrame, item: str, links: pl.DataFrame, lost: pl.Series) -> pl.DataFrame:
    """The rows, of which the lost ones have the number (and, where later, the time) that a link gives them."""
    if links.is_empty() or item not in rows.columns or not lost.any():
        return rows
    some = rows.select(pl.int_range(pl.len()).alias("row"), item, "reported").filter(lost)
    asked = some.select("row", tidy(item).alias("value"), "reported").drop_nulls("value").sort("reported")
    other = links.rename({"number": "linked"}).with_columns(pl.col("reported").alias("since")).sort("reported")
    before = asked.join_asof(other, on="reported", by="value", strategy="backward", check_sortedness=False)
    unheard = before.filter(pl.col("since").is_null()).select("row", "value", "reported")
    after = unheard.join_asof(other, on="reported", by="value", strategy="forward", check_sortedness=False)
    found = pl.concat([before.filter(pl.col("since").is_not_null()), after]).drop_nulls("linked")
    return _with(rows, found.select("row", "linked", "since"))


def _with(rows: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """`found`: a few rows by place, each with its number and the time from which it is known."""
    linked, place = rows[found.get_column("row")], found.get_column("row")
    reported = pl.select(pl.max_horizontal(linked.get_column("reported"), found.get_column("since"))).to_series()
    return rows.with_columns(
        rows.get_column("number").scatter(place, found.get_column("linked")),
        rows.get_column("reported").scatter(place, reported),
    )
