"""Records with lists in them, these unopened: each list within a list would be an object, and none of it is wanted."""

from typing import Any

import msgspec

from services.ingest.catalogue import Dataset

_LINES = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_VALUE = msgspec.json.Decoder(float_hook=str)
# Fewer lists a record than this are opened, and looked at as they are.
_FEW = 2


def unopened(chunk: bytes, dataset: Dataset, *, is_array: bool) -> list[Any] | None:
    """The records of a chunk; a list in an item that holds no set is an empty one. None: to be read the usual way.

    That is what has few lists, an object within a record (whose keys must be looked at), no record in some place, or a
    fault, whose place is wanted.
    """
    records = chunk.count(b"{")
    if not records or chunk.count(b"[") < _FEW * records:
        return None
    sets = frozenset(item.item for item in dataset.items if item.kind == "set")
    try:
        found = _ARRAY.decode(chunk) if is_array else _LINES.decode_lines(chunk)
        if len(found) != records:
            return None
        return [{name: _value(raw, name in sets) for name, raw in record.items()} for record in found]
    except (msgspec.DecodeError, RecursionError):
        return None


def _value(raw: msgspec.Raw, is_set: bool) -> Any:
    text = bytes(raw)
    return [] if text.startswith(b"[") and not is_set else _VALUE.decode(text)
