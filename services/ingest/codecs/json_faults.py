"""Where JSON breaks, as near as its readers can tell."""

import msgspec

_RAW = msgspec.json.Decoder(list[msgspec.Raw])


def where_it_breaks(chunk: bytes, error: Exception) -> tuple[str, int]:
    """What is wrong, and at which byte after the chunk's bracket: its end when it was cut off."""
    try:
        _RAW.decode(chunk)  # stops nearer to the fault than a reader of values does
    except (msgspec.DecodeError, RecursionError) as nearer:
        error = nearer
    sentence, _, tail = str(error).rpartition(" (byte ")
    return sentence or str(error), int(tail.rstrip(")")) - 1 if sentence else len(chunk) - 1
