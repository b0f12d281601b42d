"""What a submission must satisfy, and how a row is told from another. Plain values."""

import hashlib
import re
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from shared.errors import AnxinError, Conflict, Forbidden, Unprocessable

RowRange = tuple[int, int]

_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_NOTHING_YET = hashlib.blake2b(digest_size=16)
# The rest of a key, 80 bits, tells the records of a register apart: a chance of 1 in 10^10 for two of 10 million.
SCOPE_DIGITS = 12


class KeyReused(Unprocessable):
    """The Idempotency-Key belongs to another submission."""

    slug = "idempotency-key-reused"
    title = "The Idempotency-Key belongs to another submission"
    title_zh = "幂等键已用于其他提交"


class KeyMalformed(AnxinError):
    """The Idempotency-Key is empty, too long, or holds blanks."""

    slug = "idempotency-key-malformed"
    title = "The Idempotency-Key must be 1 to 200 visible ASCII characters"
    title_zh = "幂等键格式有误"


class DatasetEnded(AnxinError):
    """This version's last day has passed; another one stands in its place."""

    status = 410
    slug = "dataset-ended"
    title = "This version of the dataset is no longer taken"
    title_zh = "该版本数据集已停止接收"


def must_still_be_taken(dataset: str, until: date | None, today: date) -> None:
    """Refuse a dataset whose last day (`until`, inclusive) has passed."""
    if until is not None and today > until:
        raise DatasetEnded(
            f"{dataset} was taken until {until}. See /v1/datasets/{dataset}/versions.",
            detail_zh=f"{dataset} 接收至 {until} 为止，见 /v1/datasets/{dataset}/versions。",
        )


class RowsMalformed(AnxinError):
    """The rows are not numbers and ranges with commas between them."""

    slug = "rows-malformed"
    title = "Rows are numbers and ranges like 3,7-12"
    title_zh = "行号格式有误，应如 3,7-12"


class RowsNotThere(Unprocessable):
    """The receipt has no such rows."""

    slug = "rows-not-there"
    title = "The receipt has no such rows"
    title_zh = "回执中没有这些行"


class TooDeep(Unprocessable):
    """A row lies so deep in a large file that it cannot be shown while somebody waits."""

    slug = "row-too-deep"
    title = "The row lies too deep in a large file to be shown"
    title_zh = "该行在大文件中位置过深，无法即时查看"


class ReasonMissing(Unprocessable):
    """Nothing is taken back without a reason."""

    slug = "reason-missing"
    title = "A reason is needed, of at most 500 characters"
    title_zh = "须说明原因（不超过500字）"


class RecordIsOwn(Conflict):
    """Who sent a record corrects it, instead of asking for it."""

    slug = "record-is-own"
    title = "The record is your own: correct it, or take it back"
    title_zh = "该记录为本机构报送，请直接更正或撤回"


class RowNotInForce(Conflict):
    """A row that was refused, replaced or taken back counts nowhere, so there is nothing to correct."""

    slug = "row-not-in-force"
    title = "The row is not the present state of its record"
    title_zh = "该行不是其记录的现行状态，无须校核"


class DisputeAnswered(Conflict):
    """An answer is final; who disagrees raises another dispute."""

    slug = "dispute-answered"
    title = "The correction request was answered already"
    title_zh = "校核申请已答复"


class NotCorrected(Conflict):
    """The record still stands, or the receipt is not one that could have corrected it."""

    slug = "not-corrected"
    title = "The record has not been corrected"
    title_zh = "该记录尚未更正"


def must_be_anothers(source: str, agency: str | None) -> None:
    """Refuse an agency that asks itself for a correction (RecordIsOwn)."""
    if source == agency:
        raise RecordIsOwn


def idempotency_key(header: str | None) -> str | None:
    """The key of the header, with or without the quotes of a structured field. Raises KeyMalformed."""
    if header is None:
        return None
    key = header.strip()
    key = key[1:-1] if len(key) > 1 and key[0] == key[-1] == '"' else key
    if not _KEY.fullmatch(key):
        raise KeyMalformed
    return key


def must_be_the_same(known: tuple[str, bytes], given: tuple[str, bytes]) -> None:
    """Refuse a key that came before with another dataset or another body: (dataset, SHA-256)."""
    if known != given:
        raise KeyReused(
            "The same Idempotency-Key came before with another body or dataset.",
            detail_zh="该幂等键此前已用于其他内容或数据集。",
        )


def row_ranges(text: str | None, received: int) -> list[RowRange]:
    """Rows like `3,7-12` as first and last, both included; None means all. Raises RowsMalformed, RowsNotThere."""
    if text is None:
        return [(1, received)] if received else []
    parts = [_RANGE.fullmatch(part.strip()) for part in text.split(",")]
    ranges = [(int(part[1]), int(part[2] or part[1])) for part in parts if part]
    if len(ranges) != len(parts) or any(first > last for first, last in ranges):
        raise RowsMalformed
    if any(first < 1 or last > received for first, last in ranges):
        raise RowsNotThere(f"The receipt has the rows 1 to {received}.", detail_zh=f"该回执的行号为 1 至 {received}。")
    return ranges


def fingerprints(texts: Iterable[bytes], before: bytes = b"") -> list[bytes]:
    """128 bits of BLAKE2b of each text (UTF-8) with `before` before it: stable for ever, and a uuid's size."""
    # A copy of what is set up costs a third less than to set it up; every record has two.
    beginning = _NOTHING_YET.copy()
    beginning.update(before)
    found, begun = [], beginning.copy
    for text in texts:
        digest = begun()
        digest.update(text)
        found.append(digest.digest())
    return found


def scope(dataset: str, agency: str | None, month: str | None) -> str:
    """The first 12 hex digits of every key of a register: what one full list is about, e.g. the arrears of 2026-10.

    `agency` where many provide the dataset, `month` where the natural key holds one; else None.
    """
    register = "\x1f".join(("scope", dataset, agency or "", month or ""))
    return fingerprints([register.encode()])[0].hex()[:SCOPE_DIGITS]


def bounds(register: str) -> tuple[UUID, UUID]:
    """The least and the greatest key of a register: its records lie together in the index."""
    return UUID(register.ljust(32, "0")), UUID(register.ljust(32, "f"))


class OutsideJurisdiction(Forbidden):
    """What the row is about lies outside the division that the caller answers for."""

    slug = "outside-jurisdiction"
    title = "The row lies outside your jurisdiction"
    title_zh = "不在您的管辖范围内"


def must_be_within(places: Iterable[str], jurisdiction: str) -> None:
    """Refuse a person whose division holds none of the places of a row (9 digits): those it names, or its subject's.

    As in scoring: a district (6 digits) sees what has no place; a town (9 digits) does not.
    """
    named = list(places)
    if not jurisdiction:
        raise OutsideJurisdiction(
            "Your account has no jurisdiction.", detail_zh="您的账号没有管辖区域。", check="jurisdiction"
        )
    if not named and len(jurisdiction) <= 6:
        return
    if not any(place.startswith(jurisdiction) for place in named):
        raise OutsideJurisdiction(
            "The row is about no place in your division.",
            detail_zh="该行所涉地点不在您的管辖区域内。",
            check="jurisdiction",
        )
