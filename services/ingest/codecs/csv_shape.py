"""Where the records and fields of a CSV text end, found by column."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from services.ingest.codecs.blocks import where_any

_QUOTE, _COMMA, _LINE, _RETURN = 34, 44, 10, 13
_MARKS = b'",\n\r'
_MAY_OPEN = np.zeros(256, dtype=np.bool_)
_MAY_OPEN[[_QUOTE, _COMMA, _LINE]] = True
_MAY_CLOSE = np.zeros(256, dtype=np.bool_)
_MAY_CLOSE[[*_MARKS]] = True

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Shape:
    """Some records in a row: where they end together, and of each the separators and whether it is a blank line."""

    end: int
    separators: Places
    blank: npt.NDArray[np.bool_]

    def wrong(self, width: int) -> pl.Series:
        """The records (from 0) that say something in more or fewer than `width` fields."""
        found = np.flatnonzero((self.separators != width - 1) & ~self.blank)
        return pl.Series(found.astype(np.uint32), dtype=pl.UInt32)


def shapes(text: bytes, most: int, ended: bool) -> Iterator[Shape]:
    """The shapes of the whole records of a text that begins with one, up to `most` at once.

    What is left of a text that goes on (not `ended`) is not told when it is less than that: it goes with what follows.
    None at all when no record ends here, or when the quoting is in any doubt. Beyond doubt (RFC 4180): a quote opens a
    field right after a separator, closes it right before one, and stands twice where it is meant; a carriage return
    outside quotes stands before a line feed.
    """
    array = np.frombuffer(text, dtype=np.uint8)
    marks = where_any(array, _MARKS)
    kinds = array[marks]
    outside = np.cumsum(kinds == _QUOTE, dtype=np.int8) & 1 == 0
    if not _is_plain(array, marks[kinds == _QUOTE], marks[(kinds == _RETURN) & outside], ended):
        return
    lines, commas = marks[(kinds == _LINE) & outside], marks[(kinds == _COMMA) & outside]
    if ended and not text.endswith(b"\n") and (not len(outside) or outside[-1]):
        lines = np.append(lines, len(text))
    starts = np.append(0, lines[:-1] + 1)
    separators = np.diff(np.searchsorted(commas, lines), prepend=0)
    blank = (lines == starts) | ((lines == starts + 1) & (array[np.minimum(starts, len(text) - 1)] == _RETURN))
    for first in range(0, len(lines), most):
        if first and not ended and first + most > len(lines):
            return
        part = slice(first, first + most)
        end = min(int(lines[part][-1]) + 1, len(text))
        yield Shape(end, separators[part], blank[part])


def _is_plain(array: Bytes, quotes: Places, returns: Places, ended: bool) -> bool:
    """Whether every quote and every carriage return stands where RFC 4180 has it; what the end cuts off, may."""
    opening, closing = quotes[::2], quotes[1::2]
    last = len(array) - 1
    if ended and (len(quotes) % 2 or (len(returns) and returns[-1] == last)):
        return False
    before = array[opening[opening > 0] - 1]
    after, feeds = array[closing[closing < last] + 1], array[returns[returns < last] + 1]
    return bool(_MAY_OPEN[before].all() and _MAY_CLOSE[after].all() and (feeds == _LINE).all())
