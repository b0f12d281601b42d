"""One value, one sequence of bytes (RFC 8785 for our documents): so that a signature means the same everywhere."""

import hashlib
import json
from typing import Any


def canonical(value: dict[str, Any]) -> bytes:
    """UTF-8 JSON, keys in UTF-16 order, no white space. TypeError for a float: our numbers are whole or text."""
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def digest(value: dict[str, Any]) -> str:
    """SHA-256 of the canonical bytes, hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: str(key).encode("utf-16-be"))}
    if isinstance(value, list | tuple):
        return [_ordered(each) for each in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    raise TypeError(f"{type(value).__name__} has no canonical form here")
