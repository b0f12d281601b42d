"""A batch of texts against a dataset: typed columns for the good rows, and every fault of the others.

One select an item's stage, whatever the number of rows. A bad record never spoils a good one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import polars as pl

from services.ingest.catalogue import Dataset, Item
from services.ingest.validation import relations
from services.ingest.validation.plain import are_plain
from services.ingest.validation.types import COLUMNED, FREE_TEXT, IDENTIFIERS, PROSE, longest, typed
from shared.clock import local_date

ROW = "#row"
FAULTS = {"row": pl.UInt32, "item": pl.String, "code": pl.String}
# A partner's clock may be wrong by a day; beyond that a "newest" would never be corrected again.
CLOCK_SKEW = timedelta(days=1)


@dataclass(frozen=True)
class Batch:
    """Rows as they were written: `texts` has ROW (1-based in the file) and one text column an item, absent ones null.

    `faults` (row, item, code) are those that the reading itself found; their rows are refused.
    """

    texts: pl.DataFrame
    faults: pl.DataFrame


@dataclass(frozen=True)
class Checked:
    """`values`: ROW and a typed column an item, rows without a fault that refuses them. `faults`: row, item, code.

    `rejected` counts the refused rows; a fault of the subject's code alone leaves the row in `values`, its code null.
    """

    values: pl.DataFrame
    faults: pl.DataFrame
    rejected: int


class Checker:
    """The checks of one dataset, built once."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.items = dataset.items
        self.forgiving = _forgiving(dataset)

    def check(self, batch: Batch, reported_at: datetime) -> Checked:
        """Check a batch that was reported at that aware moment."""
        texts = self._tidy(batch.texts)
        plain = self._plain(texts)
        values = self._values(texts, plain)
        flags = values.select(ROW, *self._fault_columns(reported_at, plain | self._read_whole(values)))
        faults = _joined(batch.faults, self._told(flags))
        typed_values = values.select(ROW, *(item.item for item in self.items))
        if faults.is_empty():
            return Checked(typed_values, faults, 0)
        refusing = faults.filter(~pl.col("item").is_in(self.forgiving)).select(pl.col("row").alias(ROW))
        good = typed_values.join(refusing, on=ROW, how="anti", maintain_order="left")
        return Checked(good, faults.sort("row", maintain_order=True), len(values) - len(good))

    def _tidy(self, texts: pl.DataFrame) -> pl.DataFrame:
        """Texts without blanks round them, null when empty, in half width where a type is no free text."""
        stripped = texts.with_columns(self._stripped_columns)
        wide = self._wide(stripped)
        if not wide:
            return stripped
        return stripped.with_columns(pl.col(name).str.normalize("NFKC").str.strip_chars() for name in wide)

    @cached_property
    def _stripped_columns(self) -> list[pl.Expr]:
        return [_stripped(item.item) for item in self.items]

    def _wide(self, texts: pl.DataFrame) -> list[str]:
        """Columns of the stricter types that hold more than ASCII."""
        if not self._narrow_items:
            return []
        found = texts.select(self._wide_columns)
        return [name for name, wide in zip(found.columns, found.row(0), strict=True) if wide]

    @cached_property
    def _wide_columns(self) -> list[pl.Expr]:
        return [(pl.col(name).str.len_bytes() != pl.col(name).str.len_chars()).any() for name in self._narrow_items]

    @cached_property
    def _narrow_items(self) -> list[str]:
        return [item.item for item in self.items if item.kind not in FREE_TEXT and item.kind not in IDENTIFIERS]

    def _plain(self, texts: pl.DataFrame) -> set[str]:
        """Items of free text whose texts are values as they stand: no fault of its type is looked for."""
        prose = (item for item in self.items if item.kind in PROSE)
        return {item.item for item in prose if are_plain(texts.get_column(item.item), longest(item))}

    def _values(self, texts: pl.DataFrame, plain: set[str]) -> pl.DataFrame:
        """ROW, the texts as `=item`, the typed values as `item`, the faults of whole columns as `?item`."""
        typed_columns = [value for name, value in self._value_columns.items() if name not in plain]
        return texts.select(ROW, *self._text_columns, *sorted(plain), *typed_columns, *self._columned(texts))

    @cached_property
    def _text_columns(self) -> list[pl.Expr]:
        return [pl.col(item.item).alias(_text_name(item.item)) for item in self.items]

    @cached_property
    def _value_columns(self) -> dict[str, pl.Expr]:
        at_once = (item for item in self.items if item.kind not in COLUMNED)
        return {item.item: typed(pl.col(item.item), item).value.alias(item.item) for item in at_once}

    def _columned(self, texts: pl.DataFrame) -> list[pl.Series]:
        columns = []
        for item in self.items:
            if read := COLUMNED.get(item.kind):
                found = read(texts.get_column(item.item))
                columns += [found.values.alias(item.item), found.faults.alias(f"?{item.item}")]
        return columns

    def _read_whole(self, values: pl.DataFrame) -> set[str]:
        """Items of the stricter types whose texts are all values: no fault of its type is looked for."""
        given = {name: values.get_column(_text_name(name)) for name in self._narrow_items}
        return {name for name, text in given.items() if values.get_column(name).null_count() == text.null_count()}

    def _fault_columns(self, reported_at: datetime, read_whole: set[str]) -> list[pl.Expr]:
        horizon = reported_at + CLOCK_SKEW
        late = {name: [_when("in_the_future", pl.col(name) > pl.lit(horizon))] for name in self.dataset.source_time}
        month = pl.lit(local_date(horizon).strftime("%Y-%m"))
        late |= {name: [_when("in_the_future", pl.col(name) > month)] for name in self._reported_months}
        faults = {name: (self._other_faults if name in read_whole else self._faults)[name] for name in self._faults}
        return [pl.coalesce(told + late.get(name, [])).alias(name) for name, told in faults.items()]

    @cached_property
    def _reported_months(self) -> list[str]:
        """The months that records are about: one that has not begun would hide every real one until it comes."""
        return [name for name in self.dataset.key if self.dataset.by_name[name].kind == "month"]

    @cached_property
    def _faults(self) -> dict[str, list[pl.Expr]]:
        return {item.item: _faults(item) for item in self.items}

    @cached_property
    def _other_faults(self) -> dict[str, list[pl.Expr]]:
        """Those that a text may have although it is a value of its type."""
        return {item.item: _faults(item, of_its_type=False) for item in self.items}

    def _told(self, flags: pl.DataFrame) -> pl.DataFrame:
        """The fault columns as rows (row, item, code), only of the items that have any."""
        found = [
            flags.select(pl.col(ROW).alias("row"), pl.lit(name).alias("item"), pl.col(name).alias("code")).drop_nulls()
            for name in flags.columns[1:]
            if flags.get_column(name).null_count() < len(flags)
        ]
        return pl.concat(found) if found else pl.DataFrame(schema=FAULTS)


def _stripped(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars()
    return pl.when(text != "").then(text).alias(name)


def _forgiving(dataset: Dataset) -> list[str]:
    """The item whose fault does not refuse the row: the employer's code, where the row says by other means whose it is.

    Real registers hold dirty codes (domain.md 6.1): such a row is kept as unmatched, never dropped.
    """
    subject = dataset.subject
    if subject.kind != "employer" or subject.item is None or dataset.by_name[subject.item].required:
        return []
    return [subject.item]


def _text_name(name: str) -> str:
    return f"={name}"


def _faults(item: Item, *, of_its_type: bool = True) -> list[pl.Expr]:
    """Columns of codes, null where the item has no such fault, in the order in which they are told."""
    text = pl.col(_text_name(item.item))
    if item.kind in COLUMNED:
        code = pl.col(f"?{item.item}")
        # A placeholder is a text and yet no code: what counts is the value.
        absent, own = pl.when(code.is_null()).then(pl.col(item.item)).otherwise(text), [code]
    else:
        absent = text
        own = [_when(code, text.is_not_null() & wrong) for code, wrong in typed(text, item).faults]
    beyond = [*relations.bounds(item), *relations.comparisons(item)]
    return [
        pl.lit(None, dtype=pl.String),
        *(_when(*fault) for fault in relations.missing(item, absent)),
        *(own if of_its_type else []),
        *(_when(*fault) for fault in beyond),
    ]


def _when(code: str, wrong: pl.Expr) -> pl.Expr:
    return pl.when(wrong).then(pl.lit(code))


def _joined(read: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """The faults of the reading, and those of the checks for every other row."""
    if read.is_empty():
        return told
    return pl.concat([read, told.join(read, on="row", how="anti")])
