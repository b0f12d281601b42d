"""Records from CSV (RFC 4180): a header of item names, UTF-8 or GB18030, quoted line breaks and commas."""

import codecs
import contextlib
import csv
import io
from collections.abc import Iterator

import polars as pl

from services.ingest.catalogue import Dataset
from services.ingest.codecs.refusals import BadFile, UnreadableType, missing_columns, unknown_items
from services.ingest.validation import FAULTS, ROW, Batch

BATCH_ROWS = 20_000

_CHARSETS = {"utf-8": "utf-8-sig", "utf8": "utf-8-sig", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
_ASCII_AND_TWO_BYTE_UTF8 = bytes(range(0xE0))
_HEADER_BYTES = 2**20


def read_csv(body: bytes, dataset: Dataset, charset: str | None) -> Iterator[Batch]:
    """Batches from a CSV file. Raises BadFile, UnknownItems, MissingColumns or UnreadableType."""
    text = _utf8(body, charset)
    header = _header(text, dataset)
    table, faults = _table(text, header)
    numbered = table.with_row_index(ROW, offset=1).filter(~pl.all_horizontal(pl.col(header).is_null()))
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in dataset.by_name if name not in header]
    texts = numbered.with_columns(absent).select(ROW, *dataset.by_name)
    for start in range(0, len(texts), BATCH_ROWS):
        rows = texts.slice(start, BATCH_ROWS)
        yield Batch(rows, faults.join(rows.select(pl.col(ROW).alias("row")), on="row", how="semi"))


def _utf8(body: bytes, charset: str | None) -> bytes:
    """The file as UTF-8. Without a charset: UTF-8 if it is, else GB18030, in which every GBK file is written.

    A short GBK file can be UTF-8 by accident, but then it has no Chinese character in UTF-8, which takes three bytes.
    """
    if charset is not None:
        return _recoded(body, charset)
    accidental = not body.isascii() and not body.translate(None, _ASCII_AND_TWO_BYTE_UTF8)
    for guess in ("gb18030", "utf-8") if accidental else ("utf-8", "gb18030"):
        with contextlib.suppress(BadFile):
            return _recoded(body, guess)
    raise BadFile("The file is neither UTF-8 nor GB18030.")


def _recoded(body: bytes, charset: str) -> bytes:
    codec = _CHARSETS.get(charset.lower())
    if codec is None:
        raise UnreadableType(f"The charset must be utf-8 or gb18030, not {charset[:40]!r}.")
    try:
        text = body.decode(codec)
        return body if codec == "utf-8-sig" and not body.startswith(codecs.BOM_UTF8) else text.encode()
    except UnicodeDecodeError as error:
        raise BadFile(f"The file is not {charset}.", byte=error.start) from error


def _header(text: bytes, dataset: Dataset) -> list[str]:
    """The item names of the first record, each known, none twice, none missing that every row needs."""
    first = text[:_HEADER_BYTES].decode("utf-8", "ignore")
    try:
        names = [name.strip() for name in next(csv.reader(io.StringIO(first, newline="")), [])]
    except csv.Error as error:
        raise BadFile(f"The header cannot be read: {error}.", line=1) from error
    if not any(names):
        raise BadFile("The file has no header.", line=1)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadFile(f"The column {twice[:64]!r} stands twice in the header.", line=1)
    if unknown := set(names) - dataset.by_name.keys():
        raise unknown_items(unknown)
    if missing := {item.item for item in dataset.items if item.required} - set(names):
        raise missing_columns(missing)
    return names


def _table(text: bytes, header: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Text columns and the faults of lines with too many fields."""
    try:
        table = pl.read_csv(text, infer_schema=False, new_columns=header, raise_if_empty=False)
    except pl.exceptions.PolarsError:
        return _line_by_line(text, header)
    return table, pl.DataFrame(schema=FAULTS)


def _line_by_line(text: bytes, header: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The slow way, for a file in which some line is wrong: find out which, and keep the others."""
    reader = csv.reader(io.StringIO(text.decode(), newline=""), strict=True)
    width, rows, faults = len(header), [], []
    try:
        next(reader)
        for number, fields in enumerate(reader, 1):
            if len(fields) > width:
                faults.append((number, "", "field_count"))
            rows.append([field or None for field in fields[:width]] + [None] * (width - len(fields)))
    except csv.Error as error:
        raise BadFile(f"Line {reader.line_num} cannot be read: {error}.", line=reader.line_num) from error
    table = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
    return table, pl.DataFrame(faults, schema=FAULTS, orient="row")
