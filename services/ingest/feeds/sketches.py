"""What a batch looks like, small enough to keep and made to be added up: a day's sketch is the sum of its batches'.

Emptiness is counted of every row. Values are looked at in a sample: numbers by their magnitude in eighths of a decade,
words by their share. Dates are left out, for they drift by nature; personal items (P2, P3) are only counted as there.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec
import polars as pl

from services.ingest.catalogue import Dataset, Item
from services.ingest.feeds.numbers import value

OTHER = "*"
MOST_WORDS = 40
_PER_DECADE = 8
_ZERO_SHIFT = 1000  # keeps the sign's own half free: no magnitude of a decimal(18,2) comes near
_NUMBERS = frozenset({"money", "dec", "int"})
_WORDS = frozenset({"enum", "bool", "div9", "set"})

Counts = dict[str, int]
K = TypeVar("K", int, str)


class Sketch(msgspec.Struct, kw_only=True):
    """`rows` were good and counted, `sampled` of them looked at. `filled`: rows in which an item is there.

    `numbers`: item -> bucket (see `bucket_middle`) -> rows; `words`: item -> value -> rows; `faults`: `item:code` ->
    rows.
    """

    rows: int = 0
    sampled: int = 0
    filled: Counts = {}
    numbers: dict[str, dict[int, int]] = {}
    words: dict[str, Counts] = {}
    faults: Counts = {}

    def completeness(self) -> dict[str, float]:
        """Item -> share of the rows in which it is there, 0 to 1; nothing when there are no rows."""
        return {item: there / self.rows for item, there in self.filled.items()} if self.rows else {}


def sketch(values: pl.DataFrame, faults: pl.DataFrame, dataset: Dataset) -> Sketch:
    """The sketch of a batch. `values`: a typed column an item, good rows only; `faults`: row, item, code."""
    rows = len(values)
    items = [item.item for item in dataset.items]
    empty = values.select(pl.col(items).null_count()).row(0) if rows else (0,) * len(items)
    seen = _sampled(values.select(item.item for item in dataset.items if _kind(item)))
    return Sketch(
        rows=rows,
        sampled=len(seen),
        filled={name: rows - gone for name, gone in zip(items, empty, strict=True)},
        numbers=_magnitudes(seen, [item.item for item in dataset.items if _kind(item) == "numbers"]),
        words={item.item: _shares(seen.get_column(item.item)) for item in dataset.items if _kind(item) == "words"},
        faults=_told(faults),
    )


def added(sketches: Iterable[Sketch]) -> Sketch:
    """The sum of some sketches, in any order and grouping the same but for which rare words are called other."""
    total = Sketch()
    for each in sketches:
        total.rows += each.rows
        total.sampled += each.sampled
        total.filled = _sum(total.filled, each.filled)
        total.faults = _sum(total.faults, each.faults)
        total.numbers = _sums(total.numbers, each.numbers)
        total.words = {item: _bounded(counts) for item, counts in _sums(total.words, each.words).items()}
    return total


def bucket_middle(bucket: int) -> float:
    """The number in the (geometric) middle of a bucket; a bucket spans a factor of 1.33."""
    if bucket == 0:
        return 0.0
    return math.copysign(10 ** ((abs(bucket) - _ZERO_SHIFT + 0.5) / _PER_DECADE), bucket)


def quantiles(counts: dict[int, int], shares: Iterable[float]) -> list[float]:
    """The numbers below which these shares of the rows lie, each exact to its bucket."""
    total, found = sum(counts.values()), []
    for share in shares:
        below = 0
        for bucket in sorted(counts):
            below += counts[bucket]
            if below >= share * total:
                found.append(bucket_middle(bucket))
                break
    return found


def _kind(item: Item) -> str | None:
    if item.sensitivity != "P1":
        return None
    return "numbers" if item.kind in _NUMBERS else "words" if item.kind in _WORDS else None


def _sampled(values: pl.DataFrame) -> pl.DataFrame:
    most = value("measure.sampled")
    # The same rows every time: a sample that changes with the run could not be checked.
    return values.sample(most, seed=0) if len(values) > most else values


def _magnitudes(seen: pl.DataFrame, items: list[str]) -> dict[str, dict[int, int]]:
    """Rows by sign and magnitude."""
    if seen.is_empty() or not items:
        return {item: {} for item in items}
    buckets = seen.select(_bucket(item) for item in items)
    return {item: dict(_counted(buckets.get_column(item))) for item in items}


def _bucket(item: str) -> pl.Expr:
    amount = pl.col(item).cast(pl.Float64)
    decades = (amount.abs().log10() * _PER_DECADE).floor() + _ZERO_SHIFT
    return pl.when(amount == 0).then(0).otherwise(amount.sign() * decades).cast(pl.Int32).alias(item)


def _shares(column: pl.Series) -> Counts:
    """Rows by value; the rarest together as OTHER."""
    flat = column.explode() if isinstance(column.dtype, pl.List) else column
    return _bounded(dict(_counted(flat.cast(pl.String))))


def _counted(column: pl.Series) -> Iterator[Any]:
    return column.drop_nulls().value_counts().iter_rows()


def _told(faults: pl.DataFrame) -> Counts:
    if faults.is_empty():
        return {}
    kinds = faults.group_by("item", "code").len()
    return {f"{item}:{code}": count for item, code, count in kinds.iter_rows()}


def _bounded(counts: Counts) -> Counts:
    if len(counts) <= MOST_WORDS:
        return counts
    by_weight = sorted(counts.items(), key=lambda pair: (pair[0] == OTHER, -pair[1], pair[0]))
    kept, rare = dict(by_weight[: MOST_WORDS - 1]), by_weight[MOST_WORDS - 1 :]
    return kept | {OTHER: sum(count for _, count in rare)}


def _sum(one: dict[K, int], other: dict[K, int]) -> dict[K, int]:
    # Not Counter: an item that is there in no row is a finding, and its zero is kept.
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def _sums(one: dict[str, dict[K, int]], other: dict[str, dict[K, int]]) -> dict[str, dict[K, int]]:
    return {item: _sum(one.get(item, {}), other.get(item, {})) for item in {**one, **other}}
