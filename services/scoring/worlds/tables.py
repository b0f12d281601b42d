"""A dataset as it is held in memory: one array a column, sorted by employer, and which rows are replaced when.

Money and counts are kept as whole hundredths, so that sums are exact: the same to the last bit in any order.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from services.scoring.features import COMPARE
from services.scoring.measurebook import Measure, Measurebook, Measured, Shape
from services.scoring.values import month_of

Array = npt.NDArray[Any]
UNKNOWN = -(2**31)
HUNDREDTHS = 100
_MOST = 1e14
_LAST_DAY = 2**30
_NEVER = np.iinfo(np.int64).max
# Rows that are put in order at once.
PART_ROWS = 1_000_000
# What the arrays of a part are called beside `number`, `reported` and `gone_at`.
_COLUMN, _WORD = "column ", "word "


@dataclass(frozen=True)
class Table:
    """Rows by employer: `subject` (n,) int32, `reported` (n,) int64 in microseconds since 1970, UTC.

    `columns`: `month` since year 0, `day` since 1970, `<measure>:<part>` as whole hundredths or days, UNKNOWN where not
    told, `records` where a row stands for several. `words`: of an item only compared, each row's place in its values.
    From `gone_at` on, the row at `gone` is replaced by a newer version of its record.
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

    def tally(self, rows: Array, places: Array, size: int) -> Array:
        """How many records some rows stand for, by the place of each, of so many places (size,) or more."""
        records = self.columns.get("records")
        return np.bincount(places, weights=None if records is None else records[rows], minlength=size)

    def first_reports(self, count: int) -> Array:
        """When each of `count` employers was first spoken of; the largest number where never."""
        first = np.full(count, np.iinfo(np.int64).max, dtype=np.int64)
        if len(self.subject):
            starts = np.flatnonzero(np.diff(self.subject, prepend=-1))
            first[self.subject[starts]] = np.minimum.reduceat(self.reported, starts)
        return first


def build(rows: pl.DataFrame, dataset: Measured, book: Measurebook, part_rows: int = PART_ROWS) -> Table:
    """The table of typed rows: `number`, `who` (a hash of the code, for numbers depend on what else there is),
    `reported`, `source`, `key` (null: the row is its own record), and the items.

    Some employers at a time, about so many rows: of a large dataset no more than a part is ever held twice.
    """
    kept = _replaced(rows.drop_nulls(["number", "reported"]))
    words = {item: _places(kept.get_column(item)) for item in _worded(kept, dataset, book)}
    kept = kept.with_columns(pl.Series(f"{_WORD}{item}", places) for item, (places, _) in words.items())
    parts = [_part(each, dataset, book) for each in _by_employers(kept, part_rows)]
    found = {name: _joined([part[name] for part in parts]) for name in parts[0]}
    gone = np.flatnonzero(found["gone_at"] != _NEVER)
    return Table(
        dataset=dataset,
        subject=found["number"],
        reported=found["reported"],
        columns={name.removeprefix(_COLUMN): column for name, column in found.items() if name.startswith(_COLUMN)},
        words={item: (found[f"{_WORD}{item}"], values) for item, (_, values) in words.items()},
        gone=gone,
        gone_at=found["gone_at"][gone],
    )


def _by_employers(rows: pl.DataFrame, part_rows: int) -> Iterator[pl.DataFrame]:
    """The rows cut by number, the lowest numbers first; a small dataset is one part."""
    count, numbers = max(1, -(-rows.height // part_rows)), rows.get_column("number")
    cuts = [numbers.quantile(place / count, "lower") for place in range(1, count)]
    bounds = [-1, *sorted({int(cut) for cut in cuts if cut is not None}), 2**31 - 1]
    for low, high in pairwise(bounds):
        yield rows.filter((numbers > low) & (numbers <= high)) if count > 1 else rows


def _part(rows: pl.DataFrame, dataset: Measured, book: Measurebook) -> dict[str, Array]:
    """The arrays of some employers, in the order of the table."""
    timed = rows.with_columns(_times(dataset, rows))
    ordered = timed.sort("number", "month" if _is_series(dataset, book) else "source", "reported", "content")
    found = {f"{_COLUMN}{name}": column for name, column in _columns(ordered, dataset, book).items()}
    found |= {name: ordered.get_column(name).to_numpy() for name in ordered.columns if name.startswith(_WORD)}
    reported = ordered.get_column("reported").dt.epoch("us").to_numpy()
    return {
        "number": ordered.get_column("number").to_numpy(),
        "reported": reported,
        "gone_at": ordered.get_column("gone_at").to_numpy(),
        **found,
    }


def _joined(parts: list[Array]) -> Array:
    if len(parts) == 1:
        return parts[0]
    if all(part.strides == (0,) for part in parts):
        return np.broadcast_to(parts[0][:1], (sum(map(len, parts)),)) if len(parts[0]) else parts[0]
    return np.concatenate(parts)


_EMPTY: dict[str, Table] = {}


def empty(dataset: Measured, built: Callable[[], Table]) -> Table:
    """The table of a dataset without a row, built once: few employers have rows in more than some of the datasets."""
    known = _EMPTY.get(dataset.dataset)
    if known is None or known.dataset != dataset:
        known = _EMPTY[dataset.dataset] = built()
    return known


def _is_series(dataset: Measured, book: Measurebook) -> bool:
    return any(book.shape(measure) in ("debt", "flow") for measure in dataset.measures)


def _replaced(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `content` and `gone_at`, the moment (microseconds) from which a newer version of the same record is
    known; without those that were replaced before they were reported, which were never seen.

    Newer by source time, then by report, then by content: a total order, so arrival and repetition cannot matter.
    """
    items = [name for name in rows.columns if name not in ("number", "reported", "key", "source")]
    texts = [pl.col(name).list.join(",") if rows.schema[name] == pl.List else pl.col(name) for name in items]
    content = rows.select(texts).hash_rows(7).alias("content")
    key = rows.get_column("key").zip_with(rows.get_column("key").is_not_null(), content)
    versions = pl.DataFrame([key.alias("key"), *rows.select("source", "reported"), content]).with_row_index("row")
    several = versions.filter(key.is_duplicated()).sort("key", "source", "reported", "content")
    later = pl.col("reported").reverse().cum_min().reverse().shift(-1).over("key").dt.epoch("us")
    replaced = several.select("row", later.alias("gone_at"), pl.col("reported").dt.epoch("us")).drop_nulls()
    gone_at = np.full(rows.height, _NEVER, dtype=np.int64)
    gone_at[replaced.get_column("row").to_numpy()] = replaced.get_column("gone_at").to_numpy()
    unseen = replaced.filter(pl.col("gone_at") <= pl.col("reported")).get_column("row").to_numpy()
    seen = np.ones(rows.height, dtype=bool)
    seen[unseen] = False
    whole = rows.drop("key").with_columns(content, pl.Series("gone_at", gone_at))
    return whole.filter(pl.Series(seen)) if len(unseen) else whole


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
    wanted |= {"records": pl.col("records")} if "records" in rows.columns else {}
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
    one = (pl.col("records") if "records" in rows.columns else pl.lit(1, pl.Int64)) * HUNDREDTHS
    if measure.since:
        return _whole(measure.since, rows)
    amount = _cents(measure.amount, rows) if measure.amount else pl.when(pl.col("number").is_not_null()).then(one)
    if measure.days and shape == "debt":
        # Who tells for how long somebody is behind, and not with how much, tells that he is.
        amount = pl.coalesce(amount, _cents(measure.days, rows))
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


def _worded(rows: pl.DataFrame, dataset: Measured, book: Measurebook) -> list[str]:
    """Items that are compared only: what ties employers together, and what tells their peers."""
    profile = book.profile
    parties = [*(party for tie in book.ties for party in tie.of), profile.town, profile.industry]
    items = {party.item for party in parties if party.dataset == dataset.dataset}
    return sorted(items & set(rows.columns))


def _places(texts: pl.Series) -> tuple[Array, pl.Series]:
    plain = texts.cast(pl.String).str.strip_chars().alias("text")
    values = plain.unique().drop_nulls().sort()
    numbered = values.to_frame().with_row_index("place")
    placed = plain.to_frame().join(numbered, on="text", how="left", maintain_order="left").get_column("place")
    return placed.cast(pl.Int32).fill_null(-1).to_numpy(), values
