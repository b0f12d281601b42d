"""Records from JSON: one array, or one object a line. Numbers keep every digit they were written with."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import polars as pl

from services.ingest.catalogue import Dataset
from services.ingest.codecs.refusals import BadFile, unknown_items
from services.ingest.validation import FAULTS, ROW, Batch

# Enough to keep a column operation busy, little enough to keep memory flat.
BATCH_ROWS = 20_000
BATCH_BYTES = 4 * 2**20

_BOM = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n"
_Row = dict[str, Any]
# A float becomes its own text: a decimal(18,2) must never pass through binary floating point.
_VALUES = msgspec.json.Decoder(list, float_hook=str)
_LINES = msgspec.json.Decoder(float_hook=str)
_RAW = msgspec.json.Decoder(list[msgspec.Raw])


def read_array(body: bytes, dataset: Dataset) -> Iterator[Batch]:
    """Batches from one JSON array of objects. Raises BadFile or UnknownItems."""
    text = _utf8(body)
    try:
        records = _RAW.decode(text)
    except msgspec.ValidationError as error:
        raise BadFile("The body must be one JSON array of records.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadFile(f"The body is no JSON: {error}.", **_place(str(error), text)) from error
    for start in range(0, len(records), BATCH_ROWS):
        chunk = b"[" + b",".join(records[start : start + BATCH_ROWS]) + b"]"
        yield _batch(_decoded(chunk, start), chunk, start, dataset)


def read_lines(body: bytes, dataset: Dataset) -> Iterator[Batch]:
    """Batches from newline-delimited JSON; empty lines do not count. Raises BadFile or UnknownItems."""
    text, start, done = _utf8(body), 0, 0
    while start < len(text):
        end = text.find(b"\n", start + BATCH_BYTES)
        chunk = text[start:] if end < 0 else text[start : end + 1]
        rows = _decoded_lines(chunk, done)
        yield _batch(rows, chunk, done, dataset)
        start, done = start + len(chunk), done + len(rows)


def _utf8(body: bytes) -> bytes:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise BadFile("The body is not UTF-8.", byte=error.start) from error
    return body.removeprefix(_BOM)


def _decoded(chunk: bytes, start: int) -> list[Any]:
    try:
        found: list[Any] = _VALUES.decode(chunk)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadFile(f"A record after row {start} is no JSON: {error}.", row=start + 1) from error
    return found


def _decoded_lines(chunk: bytes, done: int) -> list[Any]:
    try:
        return _LINES.decode_lines(chunk)
    except (msgspec.DecodeError, RecursionError):
        pass
    lines = [line for line in chunk.split(b"\n") if line.strip(_BLANKS)]
    for number, line in enumerate(lines, done + 1):
        try:
            _LINES.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadFile(f"Record {number} is no JSON: {error}.", row=number) from error
    raise BadFile("Two records stand in one line.", row=done + 1)


def _place(message: str, text: bytes) -> dict[str, Any]:
    """Line and column of msgspec's `(byte n)`; the end of the body when it was cut off."""
    _, _, tail = message.rpartition("(byte ")
    byte = int(tail.rstrip(")")) if tail.rstrip(")").isdigit() else len(text)
    before = text[:byte]
    return {"byte": byte, "line": before.count(b"\n") + 1, "column": byte - before.rfind(b"\n")}


def _batch(found: list[Any], chunk: bytes, start: int, dataset: Dataset) -> Batch:
    rows, faults = _objects(found, start)
    if unknown := set().union(*rows) - dataset.by_name.keys():
        raise unknown_items(unknown)
    bare = chunk.translate(None, _BLANKS)
    _must_not_repeat_keys(rows, chunk, bare, start)
    if b'":[' in bare or b'":{' in bare:
        _join_sets(rows, dataset)
        faults += _nested(rows, start, dataset)
    numbered = _texts(rows, dataset).with_row_index(ROW, offset=start + 1)
    return Batch(numbered, pl.DataFrame(faults, schema=FAULTS, orient="row"))


def _texts(rows: list[_Row], dataset: Dataset) -> pl.DataFrame:
    """A text column an item; an absent item is null."""
    schema = dict.fromkeys(dataset.by_name, pl.String)
    if not rows:
        return pl.DataFrame(schema=schema)
    try:
        return pl.from_dicts(rows, schema=schema, strict=False)
    except pl.exceptions.PolarsError:  # an integer beyond 64 bits
        return pl.from_dicts([_spelled(row) for row in rows], schema=schema, strict=False)


def _spelled(row: _Row) -> _Row:
    return {name: str(value) if type(value) is int else value for name, value in row.items()}


def _objects(found: list[Any], start: int) -> tuple[list[_Row], list[tuple[int, str, str]]]:
    """The records; what is no object stands as an empty one with its fault."""
    if set(map(type, found)) <= {dict}:
        return found, []
    faults = [(start + place, "", "not_an_object") for place, row in enumerate(found, 1) if not isinstance(row, dict)]
    return [row if isinstance(row, dict) else {} for row in found], faults


def _must_not_repeat_keys(rows: list[_Row], chunk: bytes, bare: bytes, start: int) -> None:
    """A repeated key would silently hide a value (RFC 8259 leaves open which one counts).

    `bare` is the chunk without blanks. Every pair has a quote and a colon there; only when there are more of them than
    pairs does it pay to look closer.
    """
    if bare.count(b'":') <= sum(map(len, rows)):
        return
    text = chunk.decode()
    records = json.loads(text, object_pairs_hook=_Pairs) if text.startswith("[") else _each_line(text)
    for number, record in enumerate(records, start + 1):
        if isinstance(record, _Pairs) and (name := record.repeated()) is not None:
            raise BadFile(f"The key {name[:64]!r} stands twice in record {number}.", row=number)


def _each_line(text: str) -> list[Any]:
    return [json.loads(line, object_pairs_hook=_Pairs) for line in text.split("\n") if line.strip()]


class _Pairs(list[tuple[str, Any]]):
    """The pairs of an object as they were written."""

    def repeated(self) -> str | None:
        """The first name that stands there twice."""
        seen: set[str] = set()
        for name, _ in self:
            if name in seen:
                return name
            seen.add(name)
        return None


def _join_sets(rows: list[_Row], dataset: Dataset) -> None:
    """A list of texts in an item that holds a set, as one text."""
    for name in [item.item for item in dataset.items if item.kind == "set"]:
        for row in rows:
            value = row.get(name)
            if isinstance(value, list) and all(isinstance(part, str) for part in value):
                row[name] = ";".join(value)


def _nested(rows: list[_Row], start: int, dataset: Dataset) -> list[tuple[int, str, str]]:
    """Faults of values that are lists or objects; the values go."""
    kinds = {list, dict}
    faults = []
    for place, row in enumerate(rows, start + 1):
        if not kinds.isdisjoint(map(type, row.values())):
            wrong = [name for name in dataset.by_name if type(row.get(name)) in kinds]
            faults += [(place, name, "nested") for name in wrong]
            row.update(dict.fromkeys(wrong))
    return faults
