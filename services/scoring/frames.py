"""Facts as columns: from the versions that were kept to one typed frame a dataset, as it was known at a time.

Versions columns: subject_kind, subject, dataset, key, source_time, reported_at (UTC), receipt_id, row_no, agency, body
(JSON of strings; null when the record belongs to another subject by then). Row 0 tells that the record has ended. A
frame has subject, key, the same origin columns, `time` (the day a row speaks of, in China), `period` (months since year
0) and its items.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

import polars as pl

from services.scoring.rulebook import Dataset, ItemType
from services.scoring.values import READ, TYPES, UTC_TIME, local_day
from shared.clock import SHANGHAI as CHINA
from shared.clock import local_date

# The number of a version that tells the end of a record; its body is what the record said before.
ENDED = 0
VERSIONS: dict[str, pl.DataType] = {
    "subject_kind": pl.String(),
    "subject": pl.String(),
    "dataset": pl.String(),
    "key": pl.String(),
    "source_time": UTC_TIME,
    "reported_at": UTC_TIME,
    "receipt_id": pl.String(),
    "row_no": pl.Int64(),
    "agency": pl.String(),
    "body": pl.String(),
}
FEEDS: dict[str, pl.DataType] = {
    "dataset": pl.String(),
    "agency": pl.String(),
    "oldest": UTC_TIME,
    "reported_at": UTC_TIME,
    "month": pl.Int32(),
    "stopped_at": UTC_TIME,
}
_ORIGIN: dict[str, pl.DataType] = {
    ("reported" if name == "reported_at" else name): kind
    for name, kind in VERSIONS.items()
    if name not in ("subject_kind", "body")
}
_TIMES: dict[str, pl.DataType] = {"period": pl.Int32(), "time": pl.Date()}
Stopped = Mapping[str, Mapping[str, date]]
# What names a record, and what tells its newer version from the older ones.
RECORD, _ORDER = ["subject_kind", "subject", "dataset", "key"], ["source_time", "receipt_id", "row_no"]


@dataclass(frozen=True)
class Facts:
    """What is known of some subjects at a time.

    `feeds`: per dataset and agency, when it last reported and its oldest record; `feed_days`: the day of a dataset's
    last report by anyone; `feed_months`: the newest month that a dataset has told of; `stopped`: per dataset, on which
    day an agency whose feed is late, silent or broken was last heard of. `today` is the day in China.
    `ended`: records that a full list does not name any more, as they were; their `time` is the day of their end.
    """

    subjects: pl.DataFrame
    frames: Mapping[str, pl.DataFrame]
    feeds: pl.DataFrame
    feed_days: Mapping[str, date]
    feed_months: Mapping[str, int]
    stopped: Stopped
    today: date
    ended: Mapping[str, pl.DataFrame]

    def is_silent(self, dataset: str) -> bool:
        """Whether nothing was ever said in it, not even an end."""
        return self.frames[dataset].is_empty() and dataset not in self.ended

    def spoken(self, dataset: str) -> pl.DataFrame:
        """Every record, also those that have ended (row 0)."""
        standing, ended = self.frames[dataset], self.ended.get(dataset)
        return standing if ended is None else pl.concat([standing, ended.select(standing.columns)])


def gather(
    subjects: Iterable[str],
    versions: pl.DataFrame,
    feeds: pl.DataFrame,
    datasets: Mapping[str, Dataset],
    at: datetime,
    *,
    are_newest: bool = False,
    in_full: Collection[str] = (),
) -> Facts:
    """The facts of some subjects as they were known at a time: nothing that was reported later is in them.

    `are_newest`: the versions are those that `newest` would leave, within their horizons, in any order. `in_full`:
    datasets whose records stay with every version, as long as they stand.
    """
    spoken = feeds.filter(pl.col("reported_at") <= at)
    stopped = stopped_feeds(spoken)
    known = _ordered(versions) if are_newest else _known(versions, at, horizons(datasets, at, stopped), in_full)
    parts = {str(name[0]): part for name, part in known.partition_by("dataset", as_dict=True).items()}
    frames = {code: typed(_standing(parts.get(code)), dataset) for code, dataset in datasets.items()}
    ended = {code: _ended(part, datasets[code]) for code, part in parts.items() if code in datasets}
    for code, dataset in datasets.items():
        if dataset.alias:
            frames[code] = _named_by_project(frames[code], frames[dataset.alias.via], dataset.alias.item)
    reports = spoken.group_by("dataset", "agency").agg(
        pl.col("oldest").min(), pl.col("reported_at").max(), pl.col("stopped_at").max()
    )
    last = reports.group_by("dataset").agg(local_day(pl.col("reported_at").max()))
    months = spoken.drop_nulls("month").group_by("dataset").agg(pl.col("month").max())
    return Facts(
        subjects=pl.DataFrame({"subject": sorted(set(subjects))}, schema={"subject": pl.String}),
        frames=frames,
        feeds=reports,
        feed_days=dict(last.iter_rows()),
        feed_months=dict(months.iter_rows()),
        stopped=stopped,
        today=local_date(at),
        ended={code: frame for code, frame in ended.items() if frame.height and not datasets[code].alias},
    )


def _known(
    versions: pl.DataFrame, at: datetime, since: Mapping[str, datetime], in_full: Collection[str]
) -> pl.DataFrame:
    known = versions.filter(pl.col("reported_at") <= at)
    standing = newest(known)
    replaced = _replaced(known.filter(pl.col("dataset").is_in(list(in_full))), standing) if in_full else known.clear()
    return _within(_ordered(pl.concat([standing, replaced])), since)


def _replaced(versions: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """The older versions of the records that stand."""
    stand = standing.filter(pl.col("row_no") != ENDED).select(RECORD)
    said = versions.filter((pl.col("row_no") != ENDED) & pl.col("body").is_not_null())
    return said.join(stand, on=RECORD, how="semi").join(standing, on=[*RECORD, *_ORDER], how="anti")


def _ordered(versions: pl.DataFrame) -> pl.DataFrame:
    return versions.sort("subject", "dataset", "key")


def _standing(versions: pl.DataFrame | None) -> pl.DataFrame | None:
    return None if versions is None else versions.filter(pl.col("row_no") != ENDED)


def _ended(versions: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    ended = versions.filter(pl.col("row_no") == ENDED)
    gone = typed(ended if ended.height else None, dataset)
    return gone.with_columns(local_day(pl.col("source_time")).alias("time"))


def stopped_feeds(feeds: pl.DataFrame) -> dict[str, dict[str, date]]:
    """Per dataset, on which day an agency whose feed is late, silent or broken was last heard of."""
    found: dict[str, dict[str, date]] = {}
    stopped = feeds.filter(pl.col("stopped_at").is_not_null())
    if stopped.is_empty():  # mostly
        return found
    for dataset, agency, day in stopped.select("dataset", "agency", local_day(pl.col("stopped_at"))).iter_rows():
        found.setdefault(dataset, {})[agency] = day
    return found


def horizons(datasets: Mapping[str, Dataset], at: datetime, stopped: Stopped | None = None) -> dict[str, datetime]:
    """The source time from which on a dataset's records count at a time; none where all of them do.

    Of a feed that stopped they count back from the day it was last heard of: its silence hides nothing that it said.
    """
    now, heard = local_date(at), stopped or {}
    months = {code: _month_count(min([now, *heard.get(code, {}).values()])) for code in datasets}
    starts = {code: months[code] - each.horizon_months for code, each in datasets.items() if each.horizon_months}
    return {code: datetime(month // 12, month % 12 + 1, 1, tzinfo=CHINA) for code, month in starts.items()}


def counted(
    versions: pl.DataFrame, datasets: Mapping[str, Dataset], at: datetime, stopped: Stopped | None = None
) -> pl.DataFrame:
    """Of versions that were read for others too, those of these datasets, within their horizons."""
    asked = versions.filter(pl.col("dataset").is_in(list(datasets)))
    return _within(asked, horizons(datasets, at, stopped))


def _within(known: pl.DataFrame, since: Mapping[str, datetime]) -> pl.DataFrame:
    starts = pl.col("dataset").replace_strict(since, default=None, return_dtype=UTC_TIME)
    return known.filter((pl.col("source_time") >= starts).fill_null(True))


def newest(versions: pl.DataFrame) -> pl.DataFrame:
    """Of each natural key the newest version by source time; of equal times the one of the later receipt and row.

    A total order over the versions: arrival and repetition cannot matter.
    """
    return _ordered(
        versions.sort(_ORDER).unique(RECORD, keep="last", maintain_order=True).filter(pl.col("body").is_not_null())
    )


def typed(facts: pl.DataFrame | None, dataset: Dataset) -> pl.DataFrame:
    """The facts of one dataset with its items in their types; a value that does not fit its type is missing."""
    items = dataset.items | dataset.folded
    if facts is None:
        return _empty(tuple(items.items()))
    body = pl.Struct(dict.fromkeys(items, pl.String()))
    # Our own `reported_at` makes room for the item of that name.
    origin = facts.drop("subject_kind").rename({"reported_at": "reported"})
    frame = origin.lazy().with_columns(pl.col("body").str.json_decode(body)).unnest("body")
    frame = frame.with_columns(_cast(item, kind) for item, kind in items.items())
    period = pl.col(dataset.period) if dataset.period else pl.lit(None, pl.Int32)
    return frame.with_columns(period.alias("period"), _day(dataset).alias("time")).collect(engine="in-memory")


@cache
def _empty(items: tuple[tuple[str, ItemType], ...]) -> pl.DataFrame:
    return pl.DataFrame(schema={**_ORIGIN, **{item: TYPES[kind] for item, kind in items}, **_TIMES})


def newest_month(records: pl.DataFrame, dataset: Dataset, reported_at: datetime) -> int | None:
    """The newest month that an event's records speak of (a count since year 0); a month to come is a slip."""
    if dataset.period not in records.columns:
        return None
    text = records.select(pl.col(dataset.period).cast(pl.String).alias("month"))
    months = text.select(_cast("month", "month")).to_series()
    return months.filter(months <= _month_count(local_date(reported_at))).max()  # type: ignore[return-value]


def _month_count(day: date) -> int:
    return day.year * 12 + day.month - 1


def first_day(month: pl.Expr) -> pl.Expr:
    """The first day of a month count."""
    return pl.date(month // 12, month % 12 + 1, 1)


def days_since(item: str, dataset: Dataset, today: date) -> pl.Expr:
    """How many days an item's date, or the first of its month, lies back; a day to come is none."""
    since = first_day(pl.col(item)) if dataset.items[item] == "month" else pl.col(item)
    return (pl.lit(today) - since).dt.total_days().clip(lower_bound=0).alias(item)


def days_until(item: str, today: date) -> pl.Expr:
    """How many days are left to an item's date; one that has passed counts below zero."""
    return (pl.col(item) - pl.lit(today)).dt.total_days().alias(item)


def bodies(items: pl.DataFrame) -> pl.Series:
    """An event's items as one JSON object of strings a row, in one array operation. "{}" when there are no items."""
    if not items.width:
        return pl.Series("body", ["{}"] * items.height, dtype=pl.String)
    return pl.DataFrame([_text(column) for column in items.iter_columns()]).select(
        pl.struct(pl.all()).struct.json_encode().alias("body")
    )["body"]


def _text(column: pl.Series) -> pl.Series:
    if isinstance(column.dtype, pl.List):
        return column.list.eval(pl.element().cast(pl.String)).list.join(",")
    return column.cast(pl.String)


def _cast(item: str, kind: ItemType) -> pl.Expr:
    return READ[kind](pl.col(item).str.strip_chars()).alias(item)


def _day(dataset: Dataset) -> pl.Expr:
    given = [local_day(pl.col(i)) if dataset.items[i] == "datetime" else pl.col(i) for i in dataset.time]
    return pl.coalesce(*given, local_day(pl.col("source_time")))


def _named_by_project(frame: pl.DataFrame, via: pl.DataFrame, item: str) -> pl.DataFrame:
    # Of each project that names it: what a project's rows are does not depend on who else is looked at.
    names = via.select(pl.col(item).alias("subject"), pl.col("subject").alias("project")).unique(maintain_order=True)
    owned = frame.join(names, on="subject", maintain_order="left")
    return owned.with_columns(pl.col("project").alias("subject")).drop("project")
