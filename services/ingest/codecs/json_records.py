"""Records from JSON: one array, or one object a line. Numbers keep every digit they were written with."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import polars as pl

from services.ingest.catalogue import Dataset
from services.ingest.codecs.blocks import Place, blocks, line_ends
from services.ingest.codecs.json_bounds import decoded, element_ends, shallow
from services.ingest.codecs.json_columns import columns
from services.ingest.codecs.json_faults import where_it_breaks
from services.ingest.codecs.json_lines import decoded_lines, whole_lines
from services.ingest.codecs.refusals import BadFile, unknown_items
from services.ingest.codecs.text import Pieces
from services.ingest.codecs.unopened import unopened
from services.ingest.validation import FAULTS, ROW, Batch

_BLANKS = b" \t\r\n"
_Row = dict[str, Any]
_Faults = list[tuple[int, str, str]]
_INT64 = 2**63


def read_array(pieces: Pieces, dataset: Dataset) -> Iterator[Batch]:
    """Batches from one JSON array of objects in UTF-8. Raises BadFile, RecordTooLarge or UnknownItems."""
    place = Place()
    closed = False
    for block in blocks(_opened(pieces, place), element_ends, place):
        closed = not block.endswith(b",")
        texts, faults = _read_elements(block, place, dataset)
        if len(texts):
            yield _numbered(texts, faults, place)
        place.go(block, len(texts))
    if not closed:
        told = "The body is no JSON: it ends too early."
        raise BadFile(told, detail_zh="不是有效的 JSON：提前结束。", byte=place.byte, line=place.line + 1)


def read_lines(pieces: Pieces, dataset: Dataset) -> Iterator[Batch]:
    """Batches from newline-delimited JSON; empty lines do not count. Raises BadFile, RecordTooLarge or UnknownItems.

    One record a line: where a file is cut into blocks, and which record a fault is told of, must not be by chance.
    """
    place = Place()
    for block in blocks(pieces, line_ends, place):
        texts, faults = _read_lines(block, place, dataset)
        if len(texts):
            yield _numbered(texts, faults, place)
        place.go(block, len(texts))


def _numbered(texts: pl.DataFrame, faults: _Faults, place: Place) -> Batch:
    return Batch(texts.with_row_index(ROW, offset=place.row + 1), pl.DataFrame(faults, schema=FAULTS, orient="row"))


def _read_lines(block: bytes, place: Place, dataset: Dataset) -> tuple[pl.DataFrame, _Faults]:
    lines = whole_lines(block)
    quick = columns(block, tuple(dataset.by_name), is_array=False) if lines else None
    if quick is not None and len(quick) == lines:
        return quick, []
    found = unopened(block, dataset, is_array=False) if lines else None
    found = decoded_lines(block, place, lines) if found is None or len(found) != lines else found
    return _closely(found, block, place.row, dataset, is_array=False)


def _read_elements(block: bytes, place: Place, dataset: Dataset) -> tuple[pl.DataFrame, _Faults]:
    """The elements of a block that ends with a comma, or with the end of the array."""
    chunk = b"[" + (block[:-1] + b"]" if block.endswith(b",") else block)
    quick = columns(chunk, tuple(dataset.by_name), is_array=True)
    if quick is not None:
        return quick, []
    found = unopened(chunk, dataset, is_array=True)
    found = _elements(block, chunk, place) if found is None else found
    return _closely(found, chunk, place.row, dataset, is_array=True)


def _opened(pieces: Pieces, place: Place) -> Pieces:
    """What stands after the array's opening bracket."""
    for piece in pieces:
        bare = piece.lstrip(_BLANKS)
        if not bare:
            place.go(piece, 0)
            continue
        if not bare.startswith(b"["):
            told = "The body must be one JSON array of records."
            raise BadFile(told, detail_zh="内容须为一个 JSON 数组。", byte=place.byte, line=place.line + 1)
        start = len(piece) - len(bare) + 1
        place.go(piece[:start], 0)
        # The bracket may be all that this piece has: an empty one still says that the array has begun.
        yield piece[start:]
        break
    yield from pieces


def _elements(block: bytes, chunk: bytes, place: Place) -> list[Any]:
    try:
        rows = decoded(chunk)
    except (msgspec.DecodeError, RecursionError) as error:
        sentence, at = where_it_breaks(chunk, error)
        where = _place(at, block, place)
        told = f"不是有效的 JSON：第 {where['line']} 行第 {where['column']} 列有误。"
        raise BadFile(f"The body is no JSON: {sentence}.", detail_zh=told, **where) from error
    if not rows and (place.row or block.endswith(b",")):
        told = f"The body is no JSON: after record {place.row} stands a comma too many."
        raise BadFile(told, detail_zh=f"不是有效的 JSON：第 {place.row} 条记录后多一个逗号。", row=place.row + 1)
    return rows


def _place(at: int, block: bytes, place: Place) -> dict[str, Any]:
    """Row, byte, line and column of a byte of the block."""
    before = block[:at]
    last = before.rfind(b"\n")
    start = place.byte + last + 1 if last >= 0 else place.line_start
    byte = place.byte + at
    row = place.row + len(element_ends(before)) + 1
    return {"row": row, "byte": byte, "line": place.line + before.count(b"\n") + 1, "column": byte - start + 1}


def _closely(
    found: list[Any], chunk: bytes, start: int, dataset: Dataset, *, is_array: bool
) -> tuple[pl.DataFrame, _Faults]:
    """The texts of records, and the faults of those that are none; refuses unknown items and repeated keys."""
    rows, faults = _objects(found, start)
    if unknown := set().union(*rows) - dataset.by_name.keys():
        raise unknown_items(unknown)
    bare = chunk.translate(None, _BLANKS)
    # Every pair has a quote and a colon without the blanks; only when there are more of them than pairs does it pay.
    if bare.count(b'":') > sum(map(len, rows)):
        _must_not_repeat_keys(_pairs_of(chunk.decode(), is_array=is_array), start)
    if b'":[' in bare or b'":{' in bare:
        _join_sets(rows, dataset)
        faults += _nested(rows, start, dataset)
    return _texts(rows, dataset), faults


def _texts(rows: list[_Row], dataset: Dataset) -> pl.DataFrame:
    """A text column an item; an absent item is null."""
    schema = dict.fromkeys(dataset.by_name, pl.String)
    if not rows:
        return pl.DataFrame(schema=schema)
    if any(type(value) is int and not -_INT64 <= value < _INT64 for row in rows for value in row.values()):
        rows = [_spelled(row) for row in rows]  # polars would make nothing of it
    return pl.from_dicts(rows, schema=schema, strict=False)


def _spelled(row: _Row) -> _Row:
    return {name: str(value) if type(value) is int else value for name, value in row.items()}


def _objects(found: list[Any], start: int) -> tuple[list[_Row], list[tuple[int, str, str]]]:
    """The records; what is no object stands as an empty one with its fault."""
    if set(map(type, found)) <= {dict}:
        return found, []
    faults = [(start + place, "", "not_an_object") for place, row in enumerate(found, 1) if not isinstance(row, dict)]
    return [row if isinstance(row, dict) else {} for row in found], faults


def _must_not_repeat_keys(records: list[Any], start: int) -> None:
    """A repeated key would silently hide a value (RFC 8259 leaves open which one counts)."""
    for number, record in enumerate(records, start + 1):
        if isinstance(record, _Pairs) and (name := record.repeated()) is not None:
            told, told_zh = (
                f"The key {name[:64]!r} stands twice in record {number}.",
                f"第 {number} 条记录中键 {name[:64]!r} 重复。",
            )
            raise BadFile(told, detail_zh=told_zh, row=number)


def _pairs_of(text: str, *, is_array: bool) -> list[Any]:
    """The records, each object as the pairs it was written with."""
    lines = [text] if is_array else [line for line in text.split("\n") if line.strip()]
    found = [_in_pairs(line) for line in lines]
    return found[0] if is_array else found


def _in_pairs(text: str) -> Any:
    # No number is wanted of it: Python makes none of thousands of digits.
    try:
        return json.loads(text, object_pairs_hook=_Pairs, parse_int=str)
    except RecursionError:
        return json.loads(shallow(text.encode()), object_pairs_hook=_Pairs, parse_int=str)


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
    kinds, names, faults = {list, dict}, tuple(dataset.by_name), []
    for place, row in enumerate(rows, start + 1):
        if not kinds.isdisjoint(map(type, row.values())):
            wrong = [name for name in names if type(row.get(name)) in kinds]
            faults += [(place, name, "nested") for name in wrong]
            row.update(dict.fromkeys(wrong))
    return faults
