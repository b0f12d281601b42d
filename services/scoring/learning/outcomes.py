"""What became of alerts, orders, listings and inspections, as it was known by a time; and the labels this makes. Pure.

Outcomes: as OUTCOMES, one row a statement. A matter is an alert, an order, a listing or an inspection; what is
told later about it corrects what was told before. Labels: as LABELS, one row for each employer's arrears.
"""

from datetime import datetime

import polars as pl

UTC_TIME = pl.Datetime("us", "UTC")
OUTCOMES: dict[str, pl.DataType] = {
    "subject_kind": pl.String(),
    "subject_id": pl.String(),
    "key": pl.String(),
    "matter": pl.String(),
    "matter_id": pl.String(),
    "known_at": UTC_TIME,
    "finding": pl.String(),
    "selection": pl.String(),
    "found_on": pl.Date(),
    "started_on": pl.Date(),
    "uscc": pl.String(),
    "level": pl.String(),
    "division": pl.String(),
    "workers": pl.Int64(),
    "months": pl.Int64(),
    "amount": pl.Float64(),
    "cause": pl.String(),
}
LABELS: dict[str, pl.DataType] = {
    "employer_id": pl.String(),
    "started_on": pl.Date(),
    "discovered_on": pl.Date(),
    "workers": pl.Int64(),
    "amount": pl.Float64(),
    "is_start_estimated": pl.Boolean(),
    "selection": pl.String(),
    "known_at": UTC_TIME,
}
# Arrears were there ...
ARREARS = ("confirmed", "ordered", "paid", "overdue", "listed")
# ... or somebody looked and they were not. What is pending, could not be verified or was annulled says neither.
NO_ARREARS = ("no_arrears", "false", "nothing")
ANNULLED = "revoked"
PENDING = "pending"
_BEGUN_WITH = ("level", "division")


def standing(outcomes: pl.DataFrame, known_by: datetime) -> pl.DataFrame:
    """Of each matter the newest statement known by a time; what was annulled stays so, whatever is told after it.

    Level and division are those that the matter began with: a finding does not repeat them.
    """
    known = outcomes.filter(pl.col("known_at") <= known_by)
    order = [pl.col("finding") != PENDING, pl.col("finding") == ANNULLED, pl.col("known_at"), pl.col("key")]
    keys = ["matter", "matter_id"]
    newest = known.sort(*keys, *order).group_by(keys, maintain_order=True)
    first = [pl.col(name).drop_nulls().first() for name in _BEGUN_WITH]
    return newest.agg(pl.all().exclude(*_BEGUN_WITH).last(), *first).select(list(OUTCOMES))


def is_arrears() -> pl.Expr:
    """True: wages were owed; False: somebody looked and none were; null: not known."""
    found = pl.col("finding")
    return pl.when(found.is_in(ARREARS)).then(True).when(found.is_in(NO_ARREARS)).then(False)


def labels(stands: pl.DataFrame, merge_days: int) -> pl.DataFrame:
    """Each employer's arrears once: what was found of him within `merge_days` of the last finding is the same arrears.

    A project's are its general contractor's. Where nobody told the start, it is the months owed before the finding,
    or the finding itself: `is_start_estimated`.
    """
    if stands.is_empty():
        return pl.DataFrame(schema=LABELS)
    employer = pl.coalesce("uscc", pl.when(pl.col("subject_kind") == "employer").then(pl.col("subject_id")))
    months_before = pl.format("-{}mo", pl.col("months").fill_null(0))
    found = stands.filter(is_arrears()).with_columns(employer.alias("employer_id")).drop_nulls("employer_id")
    found = found.with_columns(pl.col("found_on").dt.offset_by(months_before).alias("guess"))
    found = found.sort("employer_id", "found_on", "known_at", "key")
    gap = (pl.col("found_on") - pl.col("found_on").shift().over("employer_id")).dt.total_days()
    numbered = found.with_columns((gap.is_null() | (gap > merge_days)).cum_sum().alias("arrears"))
    merged = numbered.group_by("employer_id", "arrears", maintain_order=True).agg(
        pl.col("started_on").min(),
        pl.col("guess").min(),
        pl.col("found_on").min().alias("discovered_on"),
        pl.col("workers").max(),
        pl.col("amount").max(),
        pl.col("selection").first(),
        pl.col("known_at").min(),
    )
    start = pl.min_horizontal(pl.coalesce("started_on", "guess"), "discovered_on")
    told = merged.with_columns(pl.col("started_on").is_null().alias("is_start_estimated"), start.alias("started_on"))
    return told.select(pl.col(name).cast(kind) for name, kind in LABELS.items())
