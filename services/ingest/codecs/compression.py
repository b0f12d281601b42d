"""Content-Encoding undone piece by piece, never beyond a bound: a bomb is refused before it has grown."""

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

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


def _piece(opened: BinaryIO, name: str, size: int) -> bytes:
    try:
        return opened.read(PIECE_BYTES)
    except EOFError as error:
        raise BadFile(
            f"The {name} stream ends too early.", detail_zh=f"{name} 压缩数据不完整，提前结束。", byte=size
        ) from error
    except (zlib.error, gzip.BadGzipFile, zstd.ZstdError) as error:
        raise BadFile(
            f"The {name} stream is broken: {error}.", detail_zh=f"{name} 压缩数据损坏。", byte=size
        ) from error


def _gzip(source: BinaryIO) -> BinaryIO:
    return gzip.GzipFile(fileobj=source)  # type: ignore[return-value] # a BinaryIO in all that is read here


def _zstd(source: BinaryIO) -> BinaryIO:
    return zstd.ZstdFile(source, options=_ZSTD_WINDOW)  # type: ignore[return-value]


_READERS: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    "identity": lambda source: source,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "zstd": _zstd,
}
