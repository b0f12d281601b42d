"""Bytes in, batches of text columns out: JSON, NDJSON, CSV, Parquet and Arrow, plain or packed; bounded in memory."""

import io
from collections.abc import Callable, Iterator, Sequence
from email.message import Message
from functools import lru_cache
from typing import BinaryIO

from services.ingest.catalogue import Dataset
from services.ingest.codecs.columnar import ARROW_FILE, ARROW_STREAM, PARQUET, read_columnar
from services.ingest.codecs.compression import must_be_unpackable, unpacked
from services.ingest.codecs.csv_records import read_csv
from services.ingest.codecs.json_records import read_array, read_lines
from services.ingest.codecs.refusals import (
    BadFile,
    BodyTooSlow,
    FileTooLarge,
    MissingColumns,
    NotInCharset,
    RecordTooLarge,
    UnknownItems,
    UnreadableColumns,
    UnreadableType,
    WrongThroughout,
    refused_throughout,
    too_large,
    too_many_records,
)
from services.ingest.codecs.text import charset_of, utf8
from services.ingest.codecs.together import Together, arrays_together, joined
from services.ingest.validation import Batch
from shared.errors import AnxinError

__all__ = [
    "MEDIA_TYPES",
    "BadFile",
    "BodyTooSlow",
    "FileTooLarge",
    "MissingColumns",
    "NotInCharset",
    "RecordTooLarge",
    "Together",
    "UnknownItems",
    "UnreadableColumns",
    "UnreadableType",
    "WrongThroughout",
    "is_columnar",
    "may_be_read_together",
    "must_be_readable",
    "must_be_unpackable",
    "must_fit_the_disk",
    "read",
    "read_stream",
    "read_together",
    "refused_throughout",
    "too_large",
    "too_many_records",
    "unpacked",
]

_JSON = frozenset({"application/json"})
_LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
_CSV = frozenset({"text/csv", "application/csv"})
_COLUMNAR = {
    "application/vnd.apache.parquet": PARQUET,
    "application/vnd.apache.arrow.stream": ARROW_STREAM,
    "application/vnd.apache.arrow.file": ARROW_FILE,
}
_JSON_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
MEDIA_TYPES = _JSON | _LINES | _CSV | _COLUMNAR.keys()


def must_be_readable(content_type: str) -> None:
    """Refuse (415) a content type, or JSON in a charset, that is not read here, before the body has come."""
    media, charset = _parts(content_type) if content_type.isprintable() else ("", None)
    if media in _JSON | _LINES and (charset or "utf-8").lower() not in _JSON_CHARSETS:
        told = (charset or "")[:40]
        raise UnreadableType(
            f"JSON is UTF-8 (RFC 8259), not {told!r}.", detail_zh=f"JSON 须为 UTF-8 编码，不能是 {told!r}。"
        )
    if media not in MEDIA_TYPES:
        told = f"{media[:60]!r}" if media else "missing"
        raise UnreadableType(
            "The content type must be application/json, application/x-ndjson, text/csv, "
            "application/vnd.apache.parquet, application/vnd.apache.arrow.stream or application/vnd.apache.arrow.file; "
            f"it is {told}.",
            detail_zh=f"Content-Type 须为 JSON、NDJSON、CSV、Parquet 或 Arrow，收到：{told if media else '无'}。",
        )


def must_fit_the_disk(content_type: str, content_encoding: str, length: int, limit: int) -> None:
    """Refuse (413) a file of so many bytes as sent that is read from the disk and is more than may lie there."""
    if is_columnar(content_type) and must_be_unpackable(content_encoding) == "identity" and length > limit:
        raise too_large(
            f"A Parquet or Arrow file may have {limit} bytes here.", f"Parquet、Arrow 文件不得超过 {limit} 字节。"
        )


def is_columnar(content_type: str) -> bool:
    """Whether a file of that type is understood from its end, so that it must lie on a disk as a whole."""
    return _parts(content_type)[0] in _COLUMNAR


def read(body: bytes, content_type: str, dataset: Dataset) -> Iterator[Batch]:
    """Batches of the records in a body that nothing packs. Raises as `read_stream` does."""
    return read_stream(io.BytesIO(body), content_type, "identity", dataset, len(body))


def read_stream(
    source: BinaryIO,
    content_type: str,
    content_encoding: str,
    dataset: Dataset,
    limit: int,
    *,
    most_rows: int | None = None,
) -> Iterator[Batch]:
    """Batches of the records in a file of any size, unpacked on the way to at most `limit` bytes.

    `source` must be able to seek: what a CSV file is written in is found out first. What is held of the file at once is
    some megabytes, whatever its shape. A file that itself announces more than `most_rows` is refused (FileTooLarge)
    before any is read. Raises UnreadableType at once; BadFile (with its place), RecordTooLarge, FileTooLarge,
    UnknownItems, MissingColumns and UnreadableColumns while it is read.
    """
    must_be_readable(content_type)
    media, charset = _parts(content_type)
    if kind := _COLUMNAR.get(media):
        return read_columnar(source, content_encoding, kind, dataset, limit, most_rows=most_rows)
    start = source.tell()

    def pieces() -> Iterator[bytes]:
        source.seek(start)
        yield from unpacked(source, content_encoding, limit)

    if media in _JSON:
        return read_array(utf8(pieces()), dataset)
    if media in _LINES:
        return read_lines(utf8(pieces()), dataset)
    return _csv(pieces, charset, dataset)


def may_be_read_together(content_type: str) -> bool:
    """Whether small files of that type can be read many at once: text of any kind."""
    return _parts(content_type)[0] in MEDIA_TYPES - _COLUMNAR.keys()


def read_together(files: Sequence[tuple[bytes, str]], dataset: Dataset) -> Together:
    """Small bodies with their content types as one batch; one that cannot be read spoils no other."""
    if all(_parts(content_type)[0] in _JSON for _, content_type in files):
        quick = arrays_together([body for body, _ in files], dataset)
        if quick is not None:
            return quick
    return joined([_alone(body, content_type, dataset) for body, content_type in files], dataset)


def _alone(body: bytes, content_type: str, dataset: Dataset) -> list[Batch] | AnxinError:
    try:
        return list(read(body, content_type, dataset))
    except AnxinError as refusal:
        return refusal


def _csv(pieces: Callable[[], Iterator[bytes]], charset: str | None, dataset: Dataset) -> Iterator[Batch]:
    found = charset or charset_of(pieces)
    yield from read_csv(utf8(pieces(), found), dataset)


@lru_cache(maxsize=256)
def _parts(content_type: str) -> tuple[str, str | None]:
    """Media type in lower case, and the charset if one is given."""
    message = Message()
    message["content-type"] = content_type
    charset = message.get_content_charset() if content_type else None
    return (message.get_content_type() if "/" in content_type else ""), charset
