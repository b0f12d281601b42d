"""Records from CSV (RFC 4180): a header of item names, UTF-8 or GB18030, quoted line breaks and commas.

Blocks whose quoting is beyond doubt go by column. Any other is read line by line, by the same rules and slowly, until
the doubt is over.
"""

import csv
from collections.abc import Iterator

import polars as pl

from services.ingest.catalogue import Dataset
from services.ingest.codecs.blocks import BATCH_ROWS, BLOCK_BYTES, Place, record_too_large
from services.ingest.codecs.csv_shape import Shape, shapes
from services.ingest.codecs.refusals import BadFile, must_be_columns
from services.ingest.codecs.text import Pieces
from services.ingest.validation import FAULTS, ROW, Batch

# As much as the quick way reads: how a field is quoted must not decide how long it may be.
csv.field_size_limit(BLOCK_BYTES)
# Of a block of 4 MiB: lines of less than 20 bytes.
_MANY_LINES = 200_000
_Rows = tuple[pl.DataFrame, pl.Series]


def read_csv(pieces: Pieces, dataset: Dataset) -> Iterator[Batch]:
    """Batches from a CSV file in UTF-8. Raises BadFile, RecordTooLarge, UnknownItems or MissingColumns.

    A line without anything is no record but keeps its number. One with too few or too many fields is a fault of its
    own: which of its values belong where, nobody can know.
    """
    table = _Table(pieces)
    header = table.header()
    must_be_columns(header, dataset)
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in dataset.by_name if name not in header]
    for texts, wrong in table.batches(header):
        first = table.place.row - len(texts) + 1
        numbered = texts.with_row_index(ROW, offset=first).with_columns(absent).select(ROW, *dataset.by_name)
        yield _batch(numbered, header, wrong)


def _batch(numbered: pl.DataFrame, header: list[str], wrong: pl.Series) -> Batch:
    """The lines that say something, and the faults of those (`wrong`: positions) that have not as many fields."""
    rows = numbered.get_column(ROW).gather(wrong)
    faults = pl.DataFrame({"row": rows}).select("row", item=pl.lit(""), code=pl.lit("field_count"))
    told = numbered if _all_say_something(numbered, header) else numbered.filter(_is_wrong(wrong) | _says(header))
    return Batch(told, faults.cast(FAULTS))  # type: ignore[arg-type]


def _all_say_something(rows: pl.DataFrame, header: list[str]) -> bool:
    """Whether one column says something in every row, as a register's first ones do: a look that costs little."""
    return any((rows.get_column(name).str.len_bytes().fill_null(0) > 0).all() for name in header)


def _is_wrong(wrong: pl.Series) -> pl.Expr:
    return pl.int_range(pl.len(), dtype=pl.UInt32).is_in(wrong.implode())


def _says(header: list[str]) -> pl.Expr:
    return pl.any_horizontal(pl.col(header).fill_null("") != "")


def _columns(block: bytes, found: Shape, header: list[str]) -> _Rows | None:
    """The records of a block by column; None when the reader sees another number of them than we do."""
    # The reader takes the number of columns from the first line it sees: ours, not one that may be wrong.
    names = ",".join(f"c{place}" for place in range(len(header))) + "\n"
    try:
        texts = pl.read_csv(names.encode() + block, infer_schema=False, truncate_ragged_lines=True, new_columns=header)
    except pl.exceptions.PolarsError:
        return None
    return (texts, found.wrong(len(header))) if len(texts) == len(found.separators) else None


def _unreadable(line: int, why: str) -> BadFile:
    told, told_zh = f"{why}", "引号可能未闭合"
    if why.startswith("new-line character"):  # the reader's own advice is one for programmers
        told, told_zh = "a carriage return stands without its line feed", "引号外的回车符后缺少换行符"
    return BadFile(
        f"The record in line {line} cannot be read: {told}.",
        detail_zh=f"第 {line} 行起的记录无法读取，{told_zh}。",
        line=line,
    )


class _Table:
    """A CSV text that is being read: what is held of it, how much of that is done, what is still to come, and where."""

    def __init__(self, pieces: Pieces) -> None:
        self.pieces = pieces
        self.place = Place()
        self.text = b""
        self.done = 0
        self.ended = False

    def header(self) -> list[str]:
        """The names of the first record. Raises BadFile when there is none."""
        names = next(self._records(1), [])
        if not any(names):
            raise BadFile("The file has no header.", detail_zh="文件没有表头。", line=1)
        self.place.row = 0
        return [name.strip() for name in names]

    def batches(self, header: list[str]) -> Iterator[_Rows]:
        """Texts of the next records, and the positions of those that have too few or too many fields."""
        while self._fill(BLOCK_BYTES):
            # Very short lines are looked at fewer at a time: what is known about each takes more than the line itself.
            size = len(self.text) if self.text.count(b"\n") < _MANY_LINES else BLOCK_BYTES // 8
            text, start = self.text[:size], 0
            for found in shapes(text, BATCH_ROWS, self.ended and size >= len(self.text)):
                rows = _columns(text[start : found.end], found, header)
                if rows is None:
                    break
                self._go(found.end - start, len(rows[0]))
                start = found.end
                yield rows
            if not start:
                yield self._line_by_line(header)

    def _fill(self, size: int) -> bool:
        """Have so much at hand, or all there is. Is there anything?"""
        self.text, self.done = self.text[self.done :], 0
        while len(self.text) < size and not self.ended:
            piece = next(self.pieces, b"")
            self.text, self.ended = self.text + piece, not piece
        return self.text != b""

    def _go(self, size: int, rows: int) -> None:
        self.place.go(self.text, rows, self.done, self.done + size)
        self.done += size

    def _line_by_line(self, header: list[str]) -> _Rows:
        """The slow way, for what is quoted in a way that takes a closer look."""
        width, rows, wrong = len(header), [], []
        for number, fields in enumerate(self._records(BATCH_ROWS)):
            if fields and len(fields) != width:
                wrong.append(number)
            rows.append([field or None for field in fields[:width]] + [None] * (width - len(fields)))
        texts = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
        return texts, pl.Series(wrong, dtype=pl.UInt32)

    def _records(self, most: int) -> Iterator[list[str]]:
        """The next records, field by field: up to `most`, and up to a block's size."""
        start = self.place.byte
        reader = csv.reader(self._lines(), strict=True)
        while most and self.place.byte - start < BLOCK_BYTES:
            first = self.place.line + 1
            try:
                fields = next(reader, None)
            except csv.Error as error:
                raise _unreadable(first, str(error)) from error
            if fields is None:
                return
            self.place.row += 1
            most -= 1
            yield fields

    def _lines(self) -> Iterator[str]:
        while True:
            end = self.text.find(b"\n", self.done) + 1
            while not end and not self.ended:
                searched = len(self.text) - self.done
                if searched >= BLOCK_BYTES:
                    raise record_too_large(self.place)
                self._fill(searched + 1)
                end = self.text.find(b"\n", searched) + 1
            line = self.text[self.done : end or len(self.text)]
            if not line:
                return
            self._go(len(line), 0)
            yield line.decode()
