"""Content-Encoding undone, never beyond a bound: a bomb is refused before it has grown."""

import zlib
from collections.abc import Callable

import zstandard

from services.ingest.codecs.refusals import BadFile, FileTooLarge, UnreadableType

# One block of a zstd frame (a few bytes) may stand for 128 kB: small bites keep what grows at once small.
_ZSTD_BITE = 2048
_ZSTD_WINDOW = 2**27
_GZIP_STEP = 2**20


def inflated(body: bytes, encoding: str, limit: int) -> bytes:
    """The file in the body. Raises UnreadableType, FileTooLarge (more than `limit` bytes) or BadFile (broken)."""
    name = encoding.strip().lower() or "identity"
    if name not in _DECODERS:
        raise UnreadableType(f"The content encoding must be gzip, zstd or identity, not {encoding[:40]!r}.")
    return _DECODERS[name](body, limit)


def _identity(body: bytes, limit: int) -> bytes:
    _must_fit(len(body), limit)
    return body


def _gzip(body: bytes, limit: int) -> bytes:
    """One or several gzip members (RFC 1952)."""
    parts, size, rest = [], 0, body
    while rest:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            part = _step(member, rest, limit - size)
            size += len(part)
            _must_fit(size, limit)
            rest = member.unconsumed_tail
            if not part and not rest and not member.eof:
                raise BadFile("The gzip stream ends too early.", byte=len(body))
            parts.append(part)
        rest = member.unused_data.lstrip(b"\0")
    return b"".join(parts)


def _step(member: "zlib._Decompress", rest: bytes, room: int) -> bytes:
    try:
        return member.decompress(rest, min(_GZIP_STEP, room + 1))
    except zlib.error as error:
        raise BadFile(f"The gzip stream is broken: {error}.") from error


def _zstd(body: bytes, limit: int) -> bytes:
    """One or several zstd frames (RFC 8878)."""
    parts, size, rest = [], 0, memoryview(body)
    while rest:
        frame = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        while not frame.eof:
            if not rest:
                raise BadFile("The zstd stream ends too early.", byte=len(body))
            part = _bite(frame, rest[:_ZSTD_BITE])
            rest = rest[_ZSTD_BITE:]
            size += len(part)
            _must_fit(size, limit)
            parts.append(part)
        rest = memoryview(frame.unused_data + bytes(rest)) if frame.unused_data else rest
    return b"".join(parts)


def _bite(frame: "zstandard.ZstdDecompressionObj", piece: memoryview) -> bytes:
    try:
        return frame.decompress(piece)
    except zstandard.ZstdError as error:
        raise BadFile(f"The zstd stream is broken: {error}.") from error


def _must_fit(size: int, limit: int) -> None:
    if size > limit:
        raise FileTooLarge(f"The file is larger than {limit} bytes.", check="body_too_large")


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "identity": _identity,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "zstd": _zstd,
}
