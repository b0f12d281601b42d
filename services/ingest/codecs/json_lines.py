"""Records one a line: as many as there are lines that say something, or the first line that holds none, or several."""

from typing import Any

import msgspec
import numpy as np

from services.ingest.codecs.blocks import Place, line_ends
from services.ingest.codecs.json_bounds import decoded
from services.ingest.codecs.json_faults import where_it_breaks
from services.ingest.codecs.refusals import BadFile

_BLANKS = b" \t\r\n"
_RETURN, _OPEN, _CLOSE = 13, 123, 125
# As in json_bounds: a float becomes its own text.
_LINES = msgspec.json.Decoder(float_hook=str)


def whole_lines(block: bytes) -> int:
    """How many lines the block has, if each begins and ends as an object does; else 0: they take a look of their own.

    As many records as that stand one in a line: within a record no brace may follow right upon a brace's end.
    """
    array = np.frombuffer(block, dtype=np.uint8)
    ends = line_ends(block)
    ends = ends if block.endswith(b"\n") else np.append(ends, len(block) + 1)
    last = ends - 2
    last = last - (array[last] == _RETURN)
    starts = np.append(0, ends[:-1])
    return len(ends) if (array[starts] == _OPEN).all() and (array[last] == _CLOSE).all() else 0


def decoded_lines(chunk: bytes, place: Place, expected: int) -> list[Any]:
    """The records of a block; `expected`: as many, if what is known of its lines can be relied on. Raises BadFile."""
    try:
        found = _LINES.decode_lines(chunk) if expected else []
        if found and len(found) == expected:
            return found
    except (msgspec.DecodeError, RecursionError):
        pass
    return _decoded_one_by_one(chunk, place)


def _decoded_one_by_one(chunk: bytes, place: Place) -> list[Any]:
    found: list[Any] = []
    start = 0
    for number, line in enumerate(chunk.split(b"\n"), place.line + 1):
        if line.strip(_BLANKS):
            where = {"row": place.row + len(found) + 1, "line": number, "byte": place.byte + start}
            found.append(_record(line, where))
        start += len(line) + 1
    return found


def _record(line: bytes, where: dict[str, int]) -> Any:
    """The record of a line that begins there. Raises BadFile with row, line, column and byte."""
    chunk = b"[" + line + b"]"
    try:
        found = decoded(chunk)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _no_record(line, *where_it_breaks(chunk, error), where) from error
    if len(found) != 1:
        raise _no_record(line, "", 0, where)
    return found[0]


def _no_record(line: bytes, sentence: str, at: int, where: dict[str, int]) -> BadFile:
    row = where["row"]
    place: dict[str, Any] = {**where, "column": at + 1, "byte": where["byte"] + at}
    if not sentence or _are_several(line):
        sentence = f"Record {row} is not alone in its line: each record needs one of its own."
        return BadFile(sentence, detail_zh=f"第 {row} 条记录所在行不止一条记录，每条记录须单独成行。", **place)
    return BadFile(f"Record {row} is no JSON: {sentence}.", detail_zh=f"第 {row} 条记录不是有效的 JSON。", **place)


def _are_several(line: bytes) -> bool:
    try:
        return len(_LINES.decode_lines(line)) > 1
    except (msgspec.DecodeError, RecursionError):
        return False
