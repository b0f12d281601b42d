"""Cases that agencies report as outcomes: somebody complained, an officer looked, an amount was found or none. Pure."""

import polars as pl

from services.scoring.learning.outcomes import OUTCOMES
from services.scoring.learning.policy import Complaints


def outcomes_of(cases: pl.DataFrame, complaints: Complaints) -> pl.DataFrame:
    """The outcomes of cases (subject_id, key, reported_at, body as JSON of texts). One without a day is left out."""
    if cases.is_empty():
        return pl.DataFrame(schema=OUTCOMES)
    kind = pl.Struct(dict.fromkeys(complaints.items, pl.String()))
    told = cases.with_columns(pl.col("body").str.json_decode(kind)).unnest("body")
    amount = pl.col(complaints.amount).cast(pl.Float64, strict=False)
    closed = _day(complaints.closed_on).is_not_null()
    finding = pl.when(amount > 0).then(pl.lit("confirmed")).when(closed).then(pl.lit("nothing"))
    by_alert = pl.lit(False)
    if complaints.source_item:
        by_alert = pl.col(complaints.source_item).is_in(complaints.by_alert).fill_null(value=False)
    made = {
        "subject_kind": pl.lit("employer"),
        "key": pl.format("{}|{}", pl.lit(complaints.dataset), pl.col("key")),
        "matter": pl.lit("complaint"),
        "matter_id": pl.format("{}|{}", pl.lit(complaints.dataset), pl.col("key")),
        "known_at": pl.col("reported_at"),
        "finding": finding.otherwise(pl.lit("pending")),
        "selection": pl.when(by_alert).then(pl.lit("alert")).otherwise(pl.lit("complaint")),
        "found_on": pl.coalesce(*(_day(item) for item in complaints.found_on)),
        "started_on": _day(complaints.started_on) if complaints.started_on else pl.lit(None),
        "uscc": pl.col("subject_id"),
        "workers": pl.col(complaints.workers).cast(pl.Int64, strict=False),
        "amount": amount,
    }
    columns = [
        made.get(name, pl.col(name) if name == "subject_id" else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in OUTCOMES.items()
    ]
    return told.select(columns).drop_nulls("found_on")


def _day(item: str) -> pl.Expr:
    """A day, or the first of a month, of a text."""
    text = pl.col(item).str.slice(0, 10)
    whole = pl.when(text.str.len_chars() == 7).then(text + "-01").otherwise(text)
    return whole.str.to_date("%Y-%m-%d", strict=False)
