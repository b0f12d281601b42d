"""A file of any size in blocks of whole records: what is held at once does not depend on the file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.ingest.codecs.refusals import RecordTooLarge

# Enough to keep a column operation busy, little enough to keep memory flat.
BLOCK_BYTES = 4 * 2**20
BATCH_ROWS = 20_000
# Lists and objects in a record beyond which it counts for more than one.
_NESTED_A_ROW = 8

Ends = npt.NDArray[np.intp]


@dataclass
class Place:
    """How far a file has been read: whole records, bytes of its UTF-8 text, line breaks, and where the line began."""

    row: int = 0
    byte: int = 0
    line: int = 0
    line_start: int = 0

    def go(self, text: bytes, rows: int, start: int = 0, end: int | None = None) -> None:
        """So much more has been read: the text from `start` to `end`."""
        end = len(text) if end is None else end
        self.row += rows
        self.line += text.count(b"\n", start, end)
        if (last := text.rfind(b"\n", start, end)) >= 0:
            self.line_start = self.byte + last + 1 - start
        self.byte += end - start


def record_too_large(place: Place) -> RecordTooLarge:
    """The refusal that says which record it is."""
    row, mib = place.row + 1, BLOCK_BYTES // 2**20
    told, told_zh = f"Record {row} is larger than {mib} MiB.", f"第 {row} 条记录超过 {mib} MiB。"
    return RecordTooLarge(told, detail_zh=told_zh, row=row, line=place.line + 1)


def blocks(pieces: Iterator[bytes], ends: Callable[[bytes], Ends], place: Place) -> Iterator[bytes]:
    """Blocks of at most 20,000 records, and of some 4 MiB; the last may end without the end of its record.

    `ends`: the places after each record's end in a text that begins with a record, in order. The caller moves `place`
    on before it asks for the next block. Raises RecordTooLarge.
    """
    held, size = [b""], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size < BLOCK_BYTES:
            continue
        text = b"".join(held)
        found = ends(text)
        if not len(found):
            raise record_too_large(place)
        most = _rows_at_once(text, len(found))
        # What does not fill a block goes with what follows: each costs the same, however many records it has.
        full = found[: len(found) // most * most or len(found)]
        yield from _cut(text, full, most)
        held = [text[full[-1] :]]
        size = len(held[0])
    if text := b"".join(held):
        found = np.union1d(ends(text), [len(text)])
        yield from _cut(text, found, _rows_at_once(text, len(found)))


def _cut(text: bytes, ends: Ends, most: int) -> Iterator[bytes]:
    start = 0
    for last in range(most - 1, len(ends) + most - 1, most):
        end = int(ends[min(last, len(ends) - 1)])
        yield text[start:end]
        start = end


def _rows_at_once(text: bytes, rows: int) -> int:
    """So many that what is nested in them takes little more memory than plain records do: each list is an object."""
    nested = (text.count(b"[") + text.count(b"{") - rows) // _NESTED_A_ROW
    return max(1, BATCH_ROWS * rows // max(rows, nested))


def where_any(array: npt.NDArray[np.uint8], marks: bytes) -> Ends:
    """The places of any of these bytes, in order."""
    found = array == marks[0]
    for mark in marks[1:]:
        found |= array == mark
    return np.flatnonzero(found)


def line_ends(text: bytes) -> Ends:
    """The places after each line break."""
    return np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == 10) + 1
