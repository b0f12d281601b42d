"""A dataset as it is held in memory: one array a column, sorted by employer, and which rows are replaced when.

Money and counts are kept as whole hundredths, so that sums are exact: the same to the last bit in any order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from services.scoring.features import COMPARE
from services.scoring.frames import month_of
from services.scoring.measurebook import Measure, Measurebook, Measured, Shape

Array = npt.NDArray[Any]
UNKNOWN = -(2**31)
HUNDREDTHS = 100
_MOST = 1e14
_LAST_DAY = 2**30


@dataclass(frozen=True)
class Table:
    """Rows by employer: `subject` (n,) int32, `reported` (n,) int64 in microseconds since 1970, UTC.

    `columns`: `month` since year 0, `day` since 1970, `<measure>:<part>` as whole hundredths or days, UNKNOWN where not
    told. `words`: of an item only compared, each row's place in its values. From `gone_at` on, the row at `gone`
    is replaced by a newer version of its record.
    """

    dataset: Measured
    subject: Array
    reported: Array
    columns: Mapping[str, Array]
    words: Mapping[str, tuple[Array, pl.Series]]
    gone: Array
    gone_at: Array

    @property
    def month(self) -> Array:
        """The month of each row."""
        return self.columns["month"]

    def first_reports(self, count: int) -> Array:
        """When each of `count` employers was first spoken of; the largest number where never."""
        first = np.full(count, np.iinfo(np.int64).max, dtype=np.int64)
        if len(self.subject):
            starts = np.flatnonzero(np.diff(self.subject, prepend=-1))
            first[self.subject[starts]] = np.minimum.reduceat(self.reported, starts)
        return first


def build(rows: pl.DataFrame, dataset: Measured, book: Measurebook) -> Table:
    """The table of typed rows: `number`, `who` (a hash of the code, for numbers depend on what else there is),
    `reported`, `source`, `key` (null: the row is its own record), and the items."""
    kept = _replaced(rows.drop_nulls(["number", "reported"]))
    timed = kept.with_columns(_times(dataset, kept))
    ordered = timed.sort("number", "month" if _is_series(dataset, book) else "source", "reported", "content")
    gone = ordered.get_column("gone_at").is_not_null().arg_true().to_numpy()
    return Table(
        dataset=dataset,
        subject=ordered.get_column("number").to_numpy(),
        reported=ordered.get_column("reported").dt.epoch("us").to_numpy(),
        columns=_columns(ordered, dataset, book),
        words=_words(ordered, dataset, book),
        gone=gone,
        gone_at=ordered.get_column("gone_at").drop_nulls().dt.epoch("us").to_numpy(),
    )


def _is_series(dataset: Measured, book: Measurebook) -> bool:
    return any(book.shape(measure) in ("debt", "flow") for measure in dataset.measures)


def _replaced(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `gone_at`, the moment from which a newer version of the same record is known.

    Newer by source time, then by report, then by content: a total order, so arrival and repetition cannot matter.
    """
    items = [name for name in rows.columns if name not in ("number", "reported", "key", "source")]
    texts = [pl.col(name).list.join(",") if rows.schema[name] == pl.List else pl.col(name) for name in items]
    content = rows.select(texts).hash_rows(7)
    keyed = rows.with_columns(content.alias("content")).with_columns(pl.col("key").fill_null(pl.col("content")))
    is_repeated = keyed.get_column("key").is_duplicated()
    lone = keyed.filter(~is_repeated).with_columns(pl.lit(None, pl.Datetime("us", "UTC")).alias("gone_at"))
    several = keyed.filter(is_repeated).sort("key", "source", "reported", "content")
    later = pl.col("reported").reverse().cum_min().reverse().shift(-1).over("key")
    several = several.with_columns(later.alias("gone_at"))
    # What was replaced before it was reported was never seen.
    return pl.concat([lone, several.filter((pl.col("gone_at") > pl.col("reported")).fill_null(True))])


def _times(dataset: Measured, rows: pl.DataFrame) -> list[pl.Expr]:
    days = [_day(item, rows) for item in dataset.time if item in rows.columns]
    day = pl.coalesce(*days, _day("source", rows))
    period = pl.col(dataset.period) if dataset.period in rows.columns else month_of(day)
    return [day.cast(pl.Int32).alias("day"), period.cast(pl.Int32).alias("month")]


def _day(item: str, rows: pl.DataFrame) -> pl.Expr:
    is_moment = isinstance(rows.schema[item], pl.Datetime)
    return pl.col(item).dt.convert_time_zone("Asia/Shanghai").dt.date() if is_moment else pl.col(item)


def _columns(rows: pl.DataFrame, dataset: Measured, book: Measurebook) -> dict[str, Array]:
    shapes = {book.shape(measure) for measure in dataset.measures}
    wanted = {"month": pl.col("month")} if _is_series(dataset, book) else {}
    wanted |= {"day": pl.col("day")} if "event" in shapes else {}
    for measure in dataset.measures:
        parts = _parts(measure, book.shape(measure), rows)
        wanted |= {f"{measure.code}:{part}": expression for part, expression in parts.items()}
    return {name: _array(rows.select(expression).to_series()) for name, expression in wanted.items()}


def _array(series: pl.Series) -> Array:
    if series.dtype == pl.Boolean:
        return series.to_numpy()
    if series.null_count() == len(series):
        return np.broadcast_to(np.int32(UNKNOWN), (len(series),))  # takes no memory
    numbers = series.fill_null(UNKNOWN).to_numpy()
    if numbers.dtype == np.int64 and np.abs(numbers).max() <= -UNKNOWN:
        return np.asarray(numbers.astype(np.int32))
    return np.asarray(numbers)


def _parts(measure: Measure, shape: Shape, rows: pl.DataFrame) -> dict[str, pl.Expr]:
    """What is kept of a measure."""
    met = _met(measure)
    parts = {"amount": _amount(measure, shape, met, rows)} if shape != "event" or measure.amount else {}
    for part, read in {"base": _cents, "days": _whole, "people": _whole, "until": _until}.items():
        if item := getattr(measure, part):
            parts[part] = read(item, rows)
    if shape == "event":
        parts["met"] = pl.col("number").is_not_null() if met is None else met.fill_null(False)
    return parts


def _met(measure: Measure) -> pl.Expr | None:
    conditions = [COMPARE[each.op](pl.col(each.item), each.value) for each in measure.where]
    return pl.all_horizontal(conditions) if conditions else None


def _amount(measure: Measure, shape: Shape, met: pl.Expr | None, rows: pl.DataFrame) -> pl.Expr:
    one = pl.lit(HUNDREDTHS, pl.Int64)
    if measure.since:
        return _whole(measure.since, rows)
    amount = _cents(measure.amount, rows) if measure.amount else pl.when(pl.col("number").is_not_null()).then(one)
    if measure.less:
        # A case counts without what was recovered; but without what was paid, what was to be paid is no debt.
        less = _cents(measure.less, rows)
        amount = (amount - (less.fill_null(0) if shape == "event" else less)).clip(0)
    if met is None or shape == "event":
        return amount
    return pl.when(met).then(amount).when(met.is_not_null()).then(0).otherwise(None)


def _cents(item: str, _rows: pl.DataFrame) -> pl.Expr:
    exact = (pl.col(item).cast(pl.Float64) * HUNDREDTHS).round().clip(-_MOST, _MOST)
    return exact.cast(pl.Int64)


def _whole(item: str, rows: pl.DataFrame) -> pl.Expr:
    if rows.schema[item].is_temporal():
        return _day(item, rows).cast(pl.Int32)
    return pl.col(item).cast(pl.Float64).round().clip(-_LAST_DAY, _LAST_DAY).cast(pl.Int32)


def _until(item: str, rows: pl.DataFrame) -> pl.Expr:
    return _whole(item, rows).fill_null(_LAST_DAY)


def _words(rows: pl.DataFrame, dataset: Measured, book: Measurebook) -> dict[str, tuple[Array, pl.Series]]:
    """Items that are compared only: what ties employers together, and what tells their peers."""
    profile = book.profile
    parties = [*(party for tie in book.ties for party in tie.of), profile.town, profile.industry]
    items = {party.item for party in parties if party.dataset == dataset.dataset}
    return {item: _places(rows.get_column(item)) for item in sorted(items & set(rows.columns))}


def _places(texts: pl.Series) -> tuple[Array, pl.Series]:
    plain = texts.cast(pl.String).str.strip_chars().alias("text")
    values = plain.unique().drop_nulls().sort()
    numbered = values.to_frame().with_row_index("place")
    placed = plain.to_frame().join(numbered, on="text", how="left", maintain_order="left").get_column("place")
    return placed.cast(pl.Int32).fill_null(-1).to_numpy(), values
