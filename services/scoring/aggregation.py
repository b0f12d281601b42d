"""Rows of a dataset become one value and day a subject, in the way that a feature asks for. Pure, on columns."""

from collections.abc import Callable, Mapping
from datetime import date

import polars as pl

from services.scoring.rulebook import Dataset, Feature

# No catalogue has more than four decimals.
_PARTS = 10_000


def present(own: pl.Expr, told: int | None) -> pl.Expr:
    """The newest month of a subject's own records, or that of its event feed, whose silence about a month is zero."""
    return own if told is None else pl.max_horizontal(own, pl.lit(told, pl.Int32))


def aggregate(
    base: pl.LazyFrame, rows: pl.LazyFrame, feature: Feature, told: int | None, unit: str | None = None
) -> pl.LazyFrame:
    """(subject, value, time) for the subjects that have rows. `unit`: the item that splits a subject's rows."""
    match feature.agg:
        case "run":
            return _run(base, rows, told)
        case "change":
            return _change(base, feature)
        case "drop":
            return _drop(_comparable(base, unit) if unit else base, feature)
        case _:
            return rows.group_by("subject").agg(_total(feature).alias("value"), pl.col("time").max())


def _total(feature: Feature) -> pl.Expr:
    return _TOTALS.get(feature.agg, _number)(pl.col(feature.item or "subject"))


def _number(_item: pl.Expr) -> pl.Expr:
    return pl.len()


_TOTALS: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "sum": lambda item: pl.when(item.count() > 0).then(item.sum()),
    "max": lambda item: item.max(),
    "age": lambda item: item.max(),
    "until": lambda item: item.min(),
    # Of units of which one did not say, the sum is not known.
    "newest": lambda item: pl.when(item.is_not_null().all()).then(item.sum()),
    "distinct": lambda item: item.list.explode().drop_nulls().n_unique(),
    "months": lambda _item: pl.col("period").n_unique(),
}


def newest(rows: pl.LazyFrame, dataset: Dataset, today: date) -> pl.LazyFrame:
    """The newest row of each subject, or of each of its units; what is dated after today is a slip until its day.

    A total order: by the day, by the items that date a row, then as versions are ordered, at last by key.
    """
    order = ["time", *dataset.time, "source_time", "receipt_id", "row_no", "key"]
    whose = ["subject", dataset.unit] if dataset.unit else ["subject"]
    known = rows.filter(pl.col("time") <= today)
    return known.sort(order, nulls_last=False).unique(whose, keep="last", maintain_order=True)


def _run(base: pl.LazyFrame, rows: pl.LazyFrame, told: int | None) -> pl.LazyFrame:
    latest = base.group_by("subject").agg(present(pl.col("period").max(), told).alias("latest"))
    months = rows.group_by("subject", "period").agg(pl.col("time").max())
    # By rank and not by place: no step of a plan has to keep an order.
    back = pl.col("period").rank("ordinal", descending=True).over("subject").cast(pl.Int32) - 1
    unbroken = months.join(latest, on="subject").filter(pl.col("latest") - pl.col("period") == back)
    return unbroken.group_by("subject").agg(pl.len().alias("value"), pl.col("time").max())


def _by_month(base: pl.LazyFrame, feature: Feature) -> pl.LazyFrame:
    """(subject, period, amount, time, latest): a subject's units together, of the months of which all have told it.

    The amount is in _PARTS, whole numbers, so that neither a sum nor a share lies beside the one that it is.
    """
    amount = pl.col(feature.item or "")
    amounts = base.group_by("subject", "period").agg(
        (amount.cast(pl.Float64) * _PARTS).round().sum().alias("amount"),
        pl.col("time").max(),
        amount.is_not_null().all().alias("is_told"),
    )
    # The newest month stays the newest: what it does not tell is neither nothing nor what the month before told.
    told = amounts.with_columns(pl.col("period").max().over("subject").alias("latest")).filter("is_told")
    return told.drop("is_told")


def _comparable(base: pl.LazyFrame, unit: str) -> pl.LazyFrame:
    """The rows of months that all usual units have told of, and of units that have told of the newest such month.

    Bills come meter by meter: while one that told of the month before has yet to tell, the month is not told, and the
    one before stays the newest. One that tells no more is nobody's fall, so it is no part of what was usual either; a
    new one counts, so that a fall is never told larger than it is.
    """
    whose = ["subject", unit]
    told = base.select(*whose, "period").unique()
    late = told.with_columns(pl.col("period") + 1).join(told, on=[*whose, "period"], how="anti", nulls_equal=True)
    whole = base.join(late, on=["subject", "period"], how="anti")
    is_newest = pl.col("period") == pl.col("period").max().over("subject")
    return whole.join(whole.filter(is_newest), on=whose, how="semi", nulls_equal=True)


def _back(months: pl.LazyFrame, by: int, name: str) -> pl.LazyFrame:
    there = months.filter(pl.col("latest") - pl.col("period") == by)
    return there.select("subject", pl.col("amount").alias(name))


def _change(base: pl.LazyFrame, feature: Feature) -> pl.LazyFrame:
    months = _by_month(base, feature)
    pair = _back(months, 0, "now").join(_back(months, feature.lag, "before"), on="subject")
    fall = pl.col("before") - pl.col("now")
    share = pl.when(pl.col("before") > 0).then(fall / pl.col("before"))
    pair = pair.with_columns((share if feature.relative else fall / _PARTS).alias("value"))
    return pair.join(_latest_times(months), on="subject").select("subject", "value", "time")


def _drop(base: pl.LazyFrame, feature: Feature) -> pl.LazyFrame:
    months = _by_month(base, feature)
    age = pl.col("latest") - pl.col("period")
    usual = months.filter(age >= feature.span, age < feature.span + 6).group_by("subject")
    medians = usual.agg(pl.col("amount").median().alias("median"), pl.len().alias("months")).filter(
        pl.col("months") >= 3, pl.col("median") > 0
    )
    last_year = months.select("subject", pl.col("period") + 12, pl.col("amount").alias("year_ago"))
    recent = months.filter(age < feature.span).join(medians, on="subject").join(last_year, on=["subject", "period"])
    recent = recent.filter(pl.col("year_ago") > 0)
    smaller = pl.min_horizontal("median", "year_ago")
    falls = recent.group_by("subject").agg(
        (1 - pl.col("amount") / smaller).min().alias("value"), pl.len().alias("seen"), pl.col("time").max()
    )
    return falls.filter(pl.col("seen") == feature.span).select("subject", "value", "time")


def _latest_times(months: pl.LazyFrame) -> pl.LazyFrame:
    return months.filter(pl.col("period") == pl.col("latest")).select("subject", "time")
