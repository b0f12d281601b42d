"""Where JSON breaks, as near as its readers can tell."""

import re

import msgspec

from services.ingest.codecs.json_bounds import as_long

_RAW = msgspec.json.Decoder(list[msgspec.Raw])
_VALUES = msgspec.json.Decoder(list, float_hook=str)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def where_it_breaks(chunk: bytes, error: Exception) -> tuple[str, int]:
    """What is wrong, and at which byte after the chunk's bracket: its end when it was cut off."""
    text = as_long(chunk)
    for reader in (_RAW, _VALUES):  # the first stops nearer to the fault
        try:
            reader.decode(text)
        except msgspec.DecodeError as nearer:
            error = nearer
            break
    sentence, _, tail = str(error).rpartition(" (byte ")
    at = int(tail.rstrip(")")) - 1 if sentence else len(chunk) - 1
    return _half_a_character(chunk, at, str(error)) or sentence or str(error), at


def _half_a_character(chunk: bytes, at: int, told: str) -> str:
    """RFC 8259, section 8.2: an escape like `\\ud800` is no character without its other half."""
    may_be = any(word in told for word in ("hex escape", "surrogate", "truncated"))
    is_one = may_be and _HALF.search(chunk, max(0, at - 11), at + 8)
    return "an escape stands for half a character only (a lone surrogate)" if is_one else ""
