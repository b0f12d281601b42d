"""Content-Encoding undone piece by piece, never beyond a bound: a bomb is refused before it has grown."""

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from services.ingest.codecs.refusals import BadFile, UnreadableType, too_large

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE_BYTES = 2**20
# What a frame may ask us to remember: 128 MiB is zstd's own bound for who does not agree otherwise.
_ZSTD_WINDOW: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 27}


def unpacked(source: BinaryIO, encoding: str, limit: int) -> Iterator[bytes]:
    """The file in pieces of up to 1 MiB, from where the source stands; gzip of several members, zstd of several frames.

    Raises UnreadableType, FileTooLarge (more than `limit` bytes) or BadFile (broken, or cut off).
    """
    name = must_be_unpackable(encoding)
    size, opened = 0, _READERS[name](source)
    while piece := _piece(opened, name, size):
        size += len(piece)
        if size > limit:
            raise too_large(f"The file is larger than {limit} bytes.", f"文件超过 {limit} 字节。")
        yield piece


def must_be_unpackable(encoding: str) -> str:
    """The encoding's name; UnreadableType (415) when it is not undone here, before the body has come."""
    name = encoding.strip().lower() or "identity"
    if name not in _READERS:
        told = encoding[:40]
        raise UnreadableType(
            f"The content encoding must be gzip, zstd or identity, not {told!r}.",
            detail_zh=f"Content-Encoding 须为 gzip、zstd 或 identity，不能是 {told!r}。",
        )
    return name


def _piece(opened: io.BufferedIOBase, name: str, size: int) -> bytes:
    """The next bytes, up to 1 MiB, read bit by bit: so the place is known up to which a broken file can be unpacked."""
    parts: list[bytes] = []
    left = PIECE_BYTES
    try:
        while left and (part := opened.read1(left)):
            parts.append(part)
            left -= len(part)
    except EOFError as error:
        raise _too_early(name, size + PIECE_BYTES - left) from error
    except (zlib.error, gzip.BadGzipFile, zstd.ZstdError) as error:
        told, told_zh = f"The {name} stream is broken: {error}.", f"{name} 压缩数据损坏。"
        raise BadFile(told, detail_zh=told_zh, byte=size + PIECE_BYTES - left) from error
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_early(name: str, byte: int) -> BadFile:
    return BadFile(f"The {name} stream ends too early.", detail_zh=f"{name} 压缩数据不完整，提前结束。", byte=byte)


def _gzip(source: BinaryIO) -> io.BufferedIOBase:
    start = source.tell()
    if not source.read(1):  # nothing at all would be no error to the reader: a file of no bytes
        raise _too_early("gzip", 0)
    source.seek(start)
    return gzip.GzipFile(fileobj=source)


def _zstd(source: BinaryIO) -> io.BufferedIOBase:
    return zstd.ZstdFile(source, options=_ZSTD_WINDOW)


_READERS: dict[str, Callable[[BinaryIO], io.BufferedIOBase]] = {
    "identity": lambda source: cast("io.BufferedIOBase", source),
    "gzip": _gzip,
    "x-gzip": _gzip,
    "zstd": _zstd,
}
