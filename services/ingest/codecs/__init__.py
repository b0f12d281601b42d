"""Bytes in, batches of text columns out: JSON, NDJSON and CSV, plain, gzip or zstd. Pure, and bounded in memory."""

from collections.abc import Iterator
from email.message import Message

from services.ingest.catalogue import Dataset
from services.ingest.codecs.compression import inflated
from services.ingest.codecs.csv_records import read_csv
from services.ingest.codecs.json_records import read_array, read_lines
from services.ingest.codecs.refusals import (
    BadFile,
    BodyTooSlow,
    FileTooLarge,
    MissingColumns,
    UnknownItems,
    UnreadableType,
    WrongThroughout,
    refused_throughout,
)
from services.ingest.validation import Batch

__all__ = [
    "MEDIA_TYPES",
    "BadFile",
    "BodyTooSlow",
    "FileTooLarge",
    "MissingColumns",
    "UnknownItems",
    "UnreadableType",
    "WrongThroughout",
    "inflated",
    "must_be_readable",
    "read",
    "refused_throughout",
]

_JSON = frozenset({"application/json"})
_LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
_CSV = frozenset({"text/csv", "application/csv"})
MEDIA_TYPES = _JSON | _LINES | _CSV


def must_be_readable(content_type: str) -> None:
    """Refuse (415) a content type that is not read here, before the body has come."""
    media, _ = _parts(content_type)
    if media not in MEDIA_TYPES:
        told = f"{media[:60]!r}" if media else "missing"
        raise UnreadableType(
            f"The content type must be application/json, application/x-ndjson or text/csv; it is {told}."
        )


def read(body: bytes, content_type: str, dataset: Dataset) -> Iterator[Batch]:
    """Batches of the records in a body. Raises BadFile (with the position), UnknownItems, MissingColumns."""
    must_be_readable(content_type)
    media, charset = _parts(content_type)
    if media in _JSON:
        return read_array(body, dataset)
    if media in _LINES:
        return read_lines(body, dataset)
    return read_csv(body, dataset, charset)


def _parts(content_type: str) -> tuple[str, str | None]:
    """Media type in lower case, and the charset if one is given."""
    message = Message()
    message["content-type"] = content_type
    charset = message.get_content_charset() if content_type else None
    return (message.get_content_type() if "/" in content_type else ""), charset
