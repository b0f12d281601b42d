"""What a page must satisfy, what comes after it, and how long to wait when it did not. Pure.

A page is JSON: `{"records": [{...}], "count": 2, "next": "cursor" or null}`. Every record names every field, empty ones
as null. A field that no record names is no slip: the platform has changed, and nothing of the page is taken. One that
some records lack is empty there; where it is needed, these rows are refused, as in a file. The cursor moves only with a
page that was taken.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from services.ingest.codecs.json_bounds import shallow

Fault = Literal[
    "unreachable", "busy", "refused", "half_page", "schema_changed", "cursor_went_back", "not_taken", "broke"
]
REASONS: dict[str, tuple[str, str]] = {
    "unreachable": ("平台无应答或出错", "The platform did not answer, or answered with an error of its own"),
    "busy": ("平台要求稍后再取", "The platform asked us to come later"),
    "refused": ("平台拒绝了请求，请核对地址与凭证", "The platform refused us: check its address and the credentials"),
    "half_page": ("页面不完整，未接收", "The page was not whole; nothing of it was taken"),
    "schema_changed": ("页面缺少约定字段，未接收", "Fields agreed on are missing; nothing of the page was taken"),
    "cursor_went_back": ("游标倒退，已停止本轮", "The cursor went back to where we were; the round was stopped"),
    "not_taken": ("整页未通过接收校验", "The page was refused whole by the checks that every file goes through"),
    "broke": ("本轮意外中断，原因见日志", "The round broke off for a reason nobody foresaw; the log tells it"),
}
_FIRST_WAIT_S, _LONGEST_WAIT_S = 30.0, 6 * 3600.0
_CURSOR_CHARS, _DIGITS = 500, 20
_NAMES_SHOWN, _NAME_CHARS = 20, 50


class PullFailed(Exception):
    """A page could not be had or taken. `wait_s`: how long the platform asked us to wait, 0 if it did not."""

    def __init__(self, fault: Fault, detail: str = "", wait_s: float = 0) -> None:
        super().__init__(f"{fault} {detail}".strip())
        self.fault, self.detail, self.wait_s = fault, detail, wait_s


@dataclass(frozen=True)
class Page:
    """A page in our words. body: its records as JSON, b"" when there are none; unknown: fields nobody agreed on."""

    body: bytes
    next: str | None
    unknown: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


def read_page(raw: bytes, fields: Mapping[str, str]) -> Page:
    """The page whole, its fields renamed to items. Raises PullFailed (half_page, schema_changed)."""
    told = _envelope(raw)
    records = told["records"]
    seen = set().union(*records)
    if records and (missing := fields.keys() - seen):
        raise PullFailed("schema_changed", _named(missing))
    # A page has at most a few thousand records: the columns are made where every file's are, behind `submit`.
    renamed = [{fields[name]: value for name, value in record.items() if name in fields} for record in records]
    # In ASCII, so that half a character reaches the checks behind `submit` and is refused there like any file's.
    body = json.dumps(renamed).encode() if renamed else b""
    unknown = sorted(_storable(name) for name in seen - fields.keys())
    return Page(body, told["next"], tuple(unknown[:_NAMES_SHOWN]))


def _envelope(raw: bytes) -> dict[str, Any]:
    try:
        told = _read(raw)
    except ValueError as error:
        raise PullFailed("half_page", "not JSON") from error
    if not isinstance(told, dict) or not {"records", "count", "next"} <= told.keys():
        raise PullFailed("half_page", "records, count or next is missing")
    records, cursor = told["records"], told["next"]
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise PullFailed("half_page", "records are no list of objects")
    if told["count"] != len(records):
        raise PullFailed("half_page", "count differs from the number of records")
    if cursor is not None and not (isinstance(cursor, str) and 0 < len(cursor) <= _CURSOR_CHARS and "\0" not in cursor):
        raise PullFailed("half_page", "next is no cursor")
    return told


def _read(raw: bytes) -> Any:
    # Amounts stay the digits that were sent: a float would round them, and Python makes no number of thousands.
    exactly: dict[str, Any] = {"parse_float": str, "parse_int": _whole, "object_pairs_hook": _once}
    try:
        return json.loads(raw, **exactly)
    except RecursionError:
        return json.loads(shallow(raw), **exactly)  # what lies so deep is a fault of its record, not of the page


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) < _DIGITS else digits


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; refused when a name stands there twice: as in a file, one of two values would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise PullFailed("half_page", "a name stands twice in an object")
    return found


def _storable(name: str) -> str:
    """A name of theirs as a text that a database can keep: JSON knows characters that no text has."""
    return name[:_NAME_CHARS].encode(errors="replace").decode().replace("\0", "?")


def _named(names: set[str]) -> str:
    return ", ".join(sorted(names)[:_NAMES_SHOWN])


def cursor_after(page: Page, here: str | None, visited: set[str | None]) -> str | None:
    """Where to go on. Raises PullFailed when that is where this round has been."""
    if page.next is None:
        return here  # the last page may grow: the next round asks for it again
    if page.next == here or page.next in visited:
        raise PullFailed("cursor_went_back")
    return page.next


def wait_after(failures: int, jitter: float, asked_s: float = 0) -> float:
    """Seconds until the next round after so many failed ones (1..), longer each time; never sooner than asked.

    jitter: 0 to 1, drawn by the caller; half of the wait depends on it, so that replicas and platforms do not march.
    """
    longest = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(max(failures, 1) - 1, 20))
    return float(max(longest * (0.5 + jitter / 2), min(asked_s, _LONGEST_WAIT_S)))
