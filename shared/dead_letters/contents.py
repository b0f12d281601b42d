"""What a dead letter carried, so that a person sees what it is about and nobody's data: ids, dates and counts."""

import json
import re
from typing import Any

# Ids, days and times, words of our own: none of them is a person's. Everything else that is text is covered.
_OPEN = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d{2}(-\d{2}([T ][\d:.]+(Z|[+-]\d{2}:\d{2})?)?)?", re.IGNORECASE
)
_OPEN_NAMES = frozenset(
    {"agency", "dataset", "subject_kind", "level", "previous_level", "kind", "finding", "sharing", "cause_code"}
)
_COVER = "***"


def described(body: bytes) -> dict[str, Any]:
    """The event's envelope, and its data masked. What is no event is told by its size only."""
    try:
        event = json.loads(body)
        data = event["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {"is_event": False, "bytes": len(body)}
    envelope = {name: event.get(name) for name in ("id", "type", "source", "time")}
    return {"is_event": True, "bytes": len(body), **envelope, "data": masked(data)}


def masked(value: Any, name: str = "") -> Any:
    """A value without what may be somebody's: texts are covered, lists are counted, ids and dates stay."""
    if isinstance(value, dict):
        return {str(key): masked(each, str(key)) for key, each in value.items()}
    if isinstance(value, list):
        return {"count": len(value)}
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and (name in _OPEN_NAMES or _OPEN.fullmatch(value)):
        return value
    return _COVER
