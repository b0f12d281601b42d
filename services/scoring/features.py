"""Features: numbers about subjects at a time, made of the facts that were known then. Missing is not zero.

One definition for the live path and for training. `compute` takes the facts of any number of subjects and works on
columns; each feature comes with the day it speaks of (`<code>@`) and with the rows it was made of.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from services.scoring import aggregation
from services.scoring.frames import ENDED, Facts, days_since, days_until, first_day
from services.scoring.rulebook import NEVER_OF_SILENCE, Dataset, Derived, Feature, Rulebook, Where

REVIEW: Mapping[str, pl.DataType] = {"subject": pl.String(), "ends": pl.Date()}
EVIDENCE: Mapping[str, pl.DataType] = {
    "subject": pl.String(),
    "time": pl.Date(),
    "receipt_id": pl.String(),
    "row_no": pl.Int64(),
    "agency": pl.String(),
    "dataset": pl.String(),
}


@dataclass(frozen=True)
class Measured:
    """One feature: its value and day (`<code>`, `<code>@`) in the order of the subjects, and its rows.

    `ends` tells from which day on time alone takes a row away.
    """

    values: pl.DataFrame
    evidence: pl.DataFrame
    ends: pl.DataFrame


@dataclass
class Features:
    """All features of some subjects. `values`: one row a subject; `review`: the next day on which time changes one."""

    values: pl.DataFrame
    evidence: dict[str, pl.DataFrame]
    review: pl.DataFrame

    def add(self, code: str, measured: Measured) -> None:
        """Take in one more feature."""
        self.values = self.values.hstack(measured.values)
        self.evidence[code] = measured.evidence


def compute(facts: Facts, book: Rulebook, datasets: Mapping[str, Dataset]) -> Features:
    """The features that these datasets yield, for every subject of the facts."""
    wanted = [feature for feature in book.measured if feature.dataset in datasets]
    silent = [feature for feature in wanted if facts.is_silent(feature.dataset)]
    nothing = facts.subjects.with_columns(
        expression for feature in silent for expression in _of_silence(facts, feature, datasets[feature.dataset])
    )
    no_rows = pl.DataFrame(schema=EVIDENCE)
    ends: list[pl.LazyFrame] = []
    result = Features(nothing, dict.fromkeys([each.code for each in silent], no_rows), pl.DataFrame(schema=REVIEW))
    spoken = [feature for feature in wanted if feature.code not in result.evidence]
    for feature, measured in zip(spoken, _all_of(facts, spoken, datasets), strict=True):
        result.add(feature.code, measured)
        ends.append(measured.ends.lazy())
    result.review = _earliest(ends).collect(engine="in-memory")
    return result


def derive(features: Features, book: Rulebook) -> None:
    """Add the features that are made of others, where those are there."""
    for derived in book.derived:
        if set(derived.of) <= set(features.values.columns):
            features.values = features.values.with_columns(*_derived(derived))
            features.evidence[derived.code] = pl.concat([features.evidence[part] for part in derived.of])


def measure(facts: Facts, feature: Feature, dataset: Dataset) -> Measured:
    """One feature from the rows of its dataset."""
    (measured,) = _all_of(facts, [feature], {feature.dataset: dataset})
    return measured


def _all_of(facts: Facts, features: Sequence[Feature], datasets: Mapping[str, Dataset]) -> list[Measured]:
    """Some features, worked out together: what a step costs by itself is much more than what it does to a subject."""
    plans = [part for each in features for part in _planned(facts, each, datasets[each.dataset])]
    done = pl.collect_all(plans, engine="in-memory")
    return [Measured(*done[first : first + 3]) for first in range(0, len(done), 3)]


def _planned(facts: Facts, feature: Feature, dataset: Dataset) -> tuple[pl.LazyFrame, pl.LazyFrame, pl.LazyFrame]:
    told = facts.feed_months.get(dataset.dataset) if dataset.kind == "event" else None
    spoken = _in_months(facts, feature, told)
    rows = spoken if feature.pick == "all" else _latest(spoken, dataset.unit, told)
    rows = rows.filter(~_HAS_ENDED, *(_met(where) for where in feature.where))
    turns = _turns(rows, feature, facts.today)
    rows = rows.filter(*_in_days(feature, facts.today), *_in_term(feature, facts.today))
    rows = _looked_at(rows, feature, dataset, facts.today)
    # What has ended is nothing, and known to be: it counts as a word about its month, never as an amount.
    base = spoken.filter(~_HAS_ENDED) if feature.agg in ("change", "drop") else spoken
    known = spoken.group_by("subject").agg(pl.col("time").max().alias("known_on"))
    joined = (
        facts.subjects.lazy()
        .join(known, on="subject", how="left", maintain_order="left")
        .join(
            aggregation.aggregate(base, rows, feature, told, dataset.unit),
            on="subject",
            how="left",
            maintain_order="left",
        )
    )
    return (
        joined.select(_or_zero(facts, feature, dataset), _as_of(facts, feature, dataset)),
        rows.select(*EVIDENCE),
        _earliest([*turns, _ends(base, rows, feature, dataset, facts.today)]),
    )


_HAS_ENDED = pl.col("row_no") == ENDED


def _looked_at(rows: pl.LazyFrame, feature: Feature, dataset: Dataset, today: date) -> pl.LazyFrame:
    """The rows as they are summed up: dates as days, numbers exact, or of a subject's rows the newest alone."""
    match feature.agg, feature.item:
        case "age", str(item):
            return rows.with_columns(days_since(item, dataset, today))
        case "until", str(item):
            return rows.with_columns(days_until(item, today))
        case "newest", _:
            return aggregation.newest(rows, dataset, today)
        case "sum", str(item) if dataset.items[item] == "dec":
            # What floats add up to lies beside the sum, on either side of a threshold; no catalogue has more decimals.
            return rows.with_columns(pl.col(item).cast(pl.Decimal(20, 4), strict=False))
        case _:
            return rows


def _turns(rows: pl.LazyFrame, feature: Feature, today: date) -> list[pl.LazyFrame]:
    """The days on which rows begin to count that are dated after today, and those between which their term holds."""
    days = [pl.col("time")] if feature.agg == "newest" or feature.days is not None else []
    if feature.term:
        first, last = map(pl.col, feature.term)
        days += [first, last + pl.duration(days=1)]
    return [_later(rows.select("subject", day.alias("ends")), today) for day in days]


def _later(frame: pl.LazyFrame, today: date) -> pl.LazyFrame:
    # What ends after the last day there is (9999-12-31 stands for "no end") never ends.
    return frame.filter(pl.col("ends") > today, pl.col("ends") <= date.max)


def _of_silence(facts: Facts, feature: Feature, dataset: Dataset) -> list[pl.Expr]:
    """What a feature is when its dataset has no row of any of the subjects."""
    day = facts.feed_days.get(feature.dataset) if dataset.kind == "event" else None
    is_zero = day is not None and feature.agg not in NEVER_OF_SILENCE and not facts.stopped.get(feature.dataset)
    return [
        pl.lit(0 if is_zero else None, pl.Int64).alias(feature.code),
        pl.lit(day, pl.Date).alias(f"{feature.code}@"),
    ]


def _in_months(facts: Facts, feature: Feature, told: int | None) -> pl.LazyFrame:
    frame, stopped = facts.spoken(feature.dataset).lazy(), facts.stopped.get(feature.dataset, {})
    if feature.months is None:
        return frame
    # Of an event feed its own newest month is the present: that it stopped has paid nobody's debt.
    month = _month(facts.today) if told is None else min(told, _month(facts.today))
    present = pl.lit(month, pl.Int32)
    if stopped:  # nor has that any other did: what it said last stands until it speaks again
        heard = {agency: min(month, _month(day)) for agency, day in stopped.items()}
        present = pl.col("agency").replace_strict(heard, default=month, return_dtype=pl.Int32)
    return frame.filter(present - pl.col("period") < feature.months)


def _in_days(feature: Feature, today: date) -> list[pl.Expr]:
    if feature.days is None:
        return []
    # What is dated after today has not happened: a slip until its day.
    return [(pl.lit(today) - pl.col("time")).dt.total_days().is_between(0, feature.days)]


def _latest(base: pl.LazyFrame, unit: str | None, told: int | None) -> pl.LazyFrame:
    group = ["subject", unit] if unit else ["subject"]
    return base.filter(pl.col("period") == aggregation.present(pl.col("period").max().over(group), told))


COMPARE: Mapping[str, Callable[[pl.Expr, Any], pl.Expr]] = {
    "gt": lambda item, value: item > value,
    "ge": lambda item, value: item >= value,
    "lt": lambda item, value: item < value,
    "le": lambda item, value: item <= value,
    "eq": lambda item, value: item == value,
    "ne": lambda item, value: item.ne_missing(pl.lit(value)),
    "any_of": lambda item, value: item.is_in(value),
    "contains": lambda item, value: item.str.contains_any(value),
    "has": lambda item, value: item.list.set_intersection(value).list.len() > 0,
    "empty": lambda item, _: item.is_null(),
}


def _met(where: Where) -> pl.Expr:
    return COMPARE[where.op](pl.col(where.item), where.value)


def _in_term(feature: Feature, today: date) -> list[pl.Expr]:
    if feature.term is None:
        return []
    first, last = map(pl.col, feature.term)
    return [(first <= today).fill_null(True), (last >= today).fill_null(True)]


def _or_zero(facts: Facts, feature: Feature, dataset: Dataset) -> pl.Expr:
    """The value; zero where the feed would have told and did not; else missing."""
    if feature.agg in NEVER_OF_SILENCE:
        return pl.col("value").alias(feature.code)
    told = pl.lit(feature.dataset in facts.feed_days) if dataset.kind == "event" else pl.col("known_on").is_not_null()
    nothing = told & pl.col("time").is_null() & ~_in_doubt(facts, feature)
    return pl.when(nothing).then(0).otherwise(pl.col("value")).alias(feature.code)


def _in_doubt(facts: Facts, feature: Feature) -> pl.Expr:
    """Whether silence about a subject says nothing: its feed is late, silent or broken (whoever's, if none spoke)."""
    stopped = facts.stopped.get(feature.dataset)
    if not stopped:
        return pl.lit(False)
    tellers = facts.frames[feature.dataset].select("subject", is_stopped=pl.col("agency").is_in(list(stopped)))
    doubted = tellers.filter(pl.col("is_stopped")).get_column("subject").unique().to_list()
    known = tellers.get_column("subject").unique().to_list()
    return pl.col("subject").is_in(doubted) | ~pl.col("subject").is_in(known)


def _as_of(facts: Facts, feature: Feature, dataset: Dataset) -> pl.Expr:
    last_report = facts.feed_days.get(feature.dataset) if dataset.kind == "event" else None
    return pl.coalesce("time", pl.lit(last_report, pl.Date), "known_on").alias(f"{feature.code}@")


def _ends(base: pl.LazyFrame, rows: pl.LazyFrame, feature: Feature, dataset: Dataset, today: date) -> pl.LazyFrame:
    """The first day after today on which a row leaves the window of this feature."""
    leaving = []
    if feature.days is not None:
        leaving.append(rows.select("subject", (pl.col("time") + pl.duration(days=feature.days + 1)).alias("ends")))
    if feature.months is not None and dataset.kind == "state":
        leaving.append(base.select("subject", first_day(pl.col("period") + feature.months).alias("ends")))
    if feature.agg in ("age", "until") or (feature.months is not None and dataset.kind == "event"):
        # An age grows every day, as what is left of a term shrinks; and any day the feed may tell of the next month
        # without a word about them.
        leaving.append(rows.select("subject", pl.lit(today + timedelta(days=1)).alias("ends")))
    return _earliest([_later(frame, today) for frame in leaving])


def _earliest(frames: list[pl.LazyFrame]) -> pl.LazyFrame:
    every = pl.concat([pl.LazyFrame(schema=REVIEW), *frames])
    return every.group_by("subject").agg(pl.col("ends").min())


def _derived(derived: Derived) -> list[pl.Expr]:
    one, other = (pl.col(part) for part in derived.of)
    match derived.op:
        case "greatest":
            value = pl.max_horizontal(one, other)
        case "minus":
            value = one - other
        case "ratio":
            value = pl.when(other > 0).then(one.cast(pl.Float64) / (other.cast(pl.Float64) * derived.scale))
    day = pl.max_horizontal(*(f"{part}@" for part in derived.of))
    return [value.alias(derived.code), day.alias(f"{derived.code}@")]


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1
