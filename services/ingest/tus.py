"""The tus resumable upload protocol 1.0.0 as values: headers in, headers out.

https://tus.io/protocols/resumable-upload

Core, and the extensions creation, termination, checksum and expiration.

AnxinError
├── WrongVersion 412       another version of the protocol
├── UploadMalformed 400    a header that the protocol asks for is missing or cannot be read
├── WrongPatchType 415     a PATCH that is not application/offset+octet-stream
├── OffsetConflict 409     a PATCH that does not begin where the last one ended
├── ChecksumMismatch 460   the bytes are not those the client meant
└── UploadGone 410         expired or withdrawn
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from shared.errors import AnxinError, Conflict, UnsupportedMedia

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum,expiration"
PATCH_TYPE = "application/offset+octet-stream"
_ALGORITHMS = ("sha1", "sha256", "sha512")
_LONGEST_METADATA = 4096
_NUMBER = re.compile(r"[0-9]{1,18}")
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]+")

# What a name tells where the client tells nothing: many send `filename` only.
_TYPES = {
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".arrows": "application/vnd.apache.arrow.stream",
    ".arrow": "application/vnd.apache.arrow.file",
}
_ENCODINGS = {".gz": "gzip", ".zst": "zstd"}


class WrongVersion(AnxinError):
    """The client speaks another version of the protocol."""

    status = 412
    slug = "tus-version"
    title = "The header Tus-Resumable must be 1.0.0"
    title_zh = "Tus-Resumable 须为 1.0.0"


class UploadMalformed(AnxinError):
    """A header of the protocol is missing or cannot be read."""

    slug = "upload-malformed"
    title = "A header of the upload protocol is missing or wrong"
    title_zh = "断点续传协议头缺失或有误"


class WrongPatchType(UnsupportedMedia):
    """A PATCH carries application/offset+octet-stream, whatever the file is."""


class OffsetConflict(Conflict):
    """The bytes do not begin where those before ended; `offset` in the problem says where that is."""

    slug = "upload-offset"
    title = "The bytes do not begin where the last ones ended"
    title_zh = "上传位置不一致"


class ChecksumMismatch(AnxinError):
    """The bytes are not those the client meant: none of them was kept."""

    status = 460
    slug = "checksum-mismatch"
    title = "The checksum does not fit the bytes"
    title_zh = "校验和不符"


class UploadGone(AnxinError):
    """The upload has expired or was withdrawn; begin anew."""

    status = 410
    slug = "upload-gone"
    title = "The upload has expired or was withdrawn"
    title_zh = "上传已过期或已撤回"


@dataclass(frozen=True)
class FileKind:
    """What the bytes are, as the client tells it in Upload-Metadata."""

    content_type: str
    content_encoding: str
    name: str


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one PATCH must hash to."""

    algorithm: str
    digest: bytes

    def must_fit(self, content: bytes) -> None:
        """Raises ChecksumMismatch."""
        found = hashlib.new(self.algorithm, content, usedforsecurity=False).digest()
        if not hmac.compare_digest(found, self.digest):
            raise ChecksumMismatch(
                f"The {self.algorithm} of the bytes is another. None of them was kept.",
                detail_zh=f"这些字节的 {self.algorithm} 与所给不符，均未保存。",
            )


def must_speak(version: str | None) -> None:
    """Raises WrongVersion unless the header Tus-Resumable names ours."""
    if version != VERSION:
        raise WrongVersion(
            f"Tus-Resumable is {version[:20]!r}." if version else "There is no header Tus-Resumable.",
            detail_zh=f"Tus-Resumable 为 {version[:20]!r}。" if version else "缺少请求头 Tus-Resumable。",
        )


def number(header: str | None, name: str) -> int:
    """The bytes that a header counts. Raises UploadMalformed."""
    if header is None or not _NUMBER.fullmatch(header):
        raise UploadMalformed(f"{name} must be a number of bytes.", detail_zh=f"{name} 须为字节数。")
    return int(header)


def length(upload_length: str | None, deferred: str | None) -> int:
    """How long the file is. Raises UploadMalformed, also where the client would say so later."""
    if deferred is not None:
        raise UploadMalformed(
            "Upload-Defer-Length is not offered here: send Upload-Length.",
            detail_zh="不支持 Upload-Defer-Length，请提供 Upload-Length。",
        )
    return number(upload_length, "Upload-Length")


def metadata(header: str) -> dict[str, str]:
    """Upload-Metadata: `key base64,key base64,key`. Raises UploadMalformed."""
    if len(header) > _LONGEST_METADATA:
        raise UploadMalformed(
            f"Upload-Metadata is longer than {_LONGEST_METADATA} characters.",
            detail_zh=f"Upload-Metadata 超过 {_LONGEST_METADATA} 个字符。",
        )
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        if key in found or not _KEY.fullmatch(key):
            raise UploadMalformed(
                "A key of Upload-Metadata is empty, repeated or not ASCII.",
                detail_zh="Upload-Metadata 的键为空、重复或不是 ASCII。",
            )
        found[key] = _text(value.strip())
    return found


def kind(told: dict[str, str]) -> FileKind:
    """`filetype` (or `contentType`) and `encoding`; what is not told, by the end of `filename`: a.csv.gz."""
    name = told.get("filename") or told.get("name") or ""
    by_name = next((ending for ending in _ENCODINGS if name.lower().endswith(ending)), "")
    bare = name.removesuffix(name[-len(by_name) :]) if by_name else name
    dot = bare.rfind(".")
    by_type = _TYPES.get(bare[dot:].lower(), "") if dot >= 0 else ""
    return FileKind(
        content_type=(told.get("filetype") or told.get("contentType") or by_type)[:200],
        content_encoding=(told.get("encoding") or _ENCODINGS.get(by_name, "identity")).strip().lower()[:40],
        name=name[:200],
    )


def checksum(header: str | None) -> Checksum | None:
    """Upload-Checksum: `sha256 base64`. Raises UploadMalformed for an algorithm we do not offer."""
    if header is None:
        return None
    algorithm, _, digest = header.partition(" ")
    if algorithm not in _ALGORITHMS:
        raise UploadMalformed(
            f"Upload-Checksum must be one of {', '.join(_ALGORITHMS)}.",
            detail_zh=f"Upload-Checksum 须为 {'、'.join(_ALGORITHMS)} 之一。",
        )
    return Checksum(algorithm, _bytes(digest.strip(), "Upload-Checksum"))


def capabilities(max_size: int) -> dict[str, str]:
    """What OPTIONS answers."""
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(max_size),
        "Tus-Checksum-Algorithm": ",".join(_ALGORITHMS),
    }


def told(offset: int, expires_at: datetime | None) -> dict[str, str]:
    """How far the upload is, and until when it is kept (None: it is whole, and does not expire)."""
    answer = {"Upload-Offset": str(offset)}
    if expires_at is not None:
        answer["Upload-Expires"] = format_datetime(expires_at.astimezone(UTC), usegmt=True)
    return answer


def _text(encoded: str) -> str:
    try:
        return _bytes(encoded, "Upload-Metadata").decode()
    except UnicodeDecodeError as error:
        raise UploadMalformed(
            "A value of Upload-Metadata is not UTF-8.", detail_zh="Upload-Metadata 的值不是 UTF-8。"
        ) from error


def _bytes(encoded: str, name: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UploadMalformed(f"A value of {name} is not base64.", detail_zh=f"{name} 的值不是 base64。") from error
