"""JSON that its readers cannot hold, made such that they can: it is a fault of its row, and costs no other.

Python makes no number of more than 4,300 digits, and whoever reads lists within lists has a stack that ends.
"""

import re
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from services.ingest.codecs.blocks import Ends, where_any

# No item holds more than a list of texts; a reader's stack holds some hundreds.
DEEPEST = 100
_ENDLESS = re.compile(rb"(?<![0-9.eE+-])-?[1-9][0-9]{4300,}(?![0-9.eE])")
_QUOTE, _COMMA, _BLANK, _ZERO = 34, 44, 32, 48
_STEP = np.zeros(256, dtype=np.int32)
_STEP[[*b"{["]], _STEP[[*b"]}"]] = 1, -1
_MARKS = b'",{}[]'
# A float becomes its own text: a decimal(18,2) must never pass through binary floating point.
_VALUES = msgspec.json.Decoder(list, float_hook=str)


class _Marks(NamedTuple):
    """Quotes, commas and brackets of a text: where, which, whether outside of its strings, and how deep from there."""

    places: Ends
    kinds: npt.NDArray[np.uint8]
    are_outside: npt.NDArray[np.bool_]
    depth: npt.NDArray[np.int32]


def _marks(text: bytes) -> _Marks:
    if b"\\" in text:
        text = text.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    array = np.frombuffer(text, dtype=np.uint8)
    places = where_any(array, _MARKS)
    kinds = array[places]
    outside = np.cumsum(kinds == _QUOTE, dtype=np.int8) & 1 == 0
    return _Marks(places, kinds, outside, np.cumsum(np.where(outside, _STEP[kinds], 0), dtype=np.int32))


def element_ends(text: bytes) -> Ends:
    """The places after each comma between the elements of an array, in a text that begins with an element."""
    found = _marks(text)
    ends: Ends = found.places[(found.kinds == _COMMA) & found.are_outside & (found.depth == 0)] + 1
    return ends


def shallow(chunk: bytes) -> bytes:
    """The text, as long as it was; for each list or object that lies deeper than DEEPEST stands a nought.

    Nobody looks into that: the row is refused for any list or object where a plain value belongs.
    """
    found = _marks(chunk)
    are_deep = (found.depth > DEEPEST).astype(np.int8)
    if not are_deep.any():
        return chunk
    edges = np.diff(are_deep, prepend=0, append=0)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    places = np.append(found.places, len(chunk) - 1)
    array = np.frombuffer(chunk, dtype=np.uint8).copy()
    for start, end in zip(places[starts].tolist(), places[ends].tolist(), strict=True):
        array[start : end + 1] = _BLANK
        array[start] = _ZERO
    return array.tobytes()


def decoded(chunk: bytes) -> list[Any]:
    """The values of an array, those that no reader can hold made readable. Raises msgspec.DecodeError."""
    try:
        found: list[Any] = _VALUES.decode(chunk)
    except (msgspec.DecodeError, RecursionError):
        found = _VALUES.decode(readable(chunk))
    return found


def readable(chunk: bytes) -> bytes:
    """The text without great depths, and with integers of thousands of digits as the texts of these.

    As such they go through the checks like any number: too long for a text, out of range for an amount.
    """
    text = shallow(chunk)
    endless = [(found.start(), found.end()) for found in _ENDLESS.finditer(text)]
    return _quoted(text, endless) if endless else text


def as_long(chunk: bytes) -> bytes:
    """The text as `readable` makes it, but for noughts in place of the integers: each byte stands where it stood."""
    return _ENDLESS.sub(lambda found: b"0".ljust(len(found[0])), shallow(chunk))


def _quoted(text: bytes, spans: list[tuple[int, int]]) -> bytes:
    """The text with quotes round those of the spans that are no part of a string."""
    found = _marks(text)
    parts, done = [], 0
    for start, end in spans:
        before = int(np.searchsorted(found.places, start)) - 1
        if before < 0 or found.are_outside[before]:
            parts += [text[done:start], b'"', text[start:end], b'"']
            done = end
    return b"".join([*parts, text[done:]])
