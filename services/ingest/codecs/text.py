"""Bytes as UTF-8, piece by piece: proven, recoded from GB18030 where they are that, without a byte order mark."""

import codecs
import re
from collections.abc import Callable, Iterator

from services.ingest.codecs.refusals import NotInCharset, UnreadableType

Pieces = Iterator[bytes]

_CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
_ASCII_AND_TWO_BYTE_UTF8 = bytes(range(0xE0))
_CHINESE = re.compile("[\u4e00-\u9fff]+")


def utf8(pieces: Pieces, charset: str = "utf-8") -> Pieces:
    """The text in UTF-8, each piece of whole characters. Raises NotInCharset with the byte, or UnreadableType."""
    name = _CHARSETS.get(charset.lower())
    if name is None:
        told = charset[:40]
        raise UnreadableType(
            f"The charset must be utf-8 or gb18030, not {told!r}.",
            detail_zh=f"字符集须为 utf-8 或 gb18030，不能是 {told!r}。",
        )
    whole = _whole(pieces, name)
    first = next(whole, b"").removeprefix(codecs.BOM_UTF8)
    if first:
        yield first
    yield from whole


def _whole(pieces: Pieces, name: str) -> Pieces:
    done, rest = 0, b""
    for piece in pieces:
        raw = rest + piece
        text, used = _decoded(raw, name, done, final=False)
        yield raw[:used] if name == "utf-8" else text.encode()
        done, rest = done + used, raw[used:]
    _decoded(rest, name, done, final=True)


def _decoded(raw: bytes, name: str, done: int, final: bool) -> tuple[str, int]:
    """The characters that are whole, and how many bytes they took."""
    try:
        return codecs.utf_8_decode(raw, "strict", final) if name == "utf-8" else _gb18030(raw, final)
    except UnicodeDecodeError as error:
        at = done + error.start
        raise NotInCharset(f"The text is not {name}.", detail_zh=f"文本不是有效的 {name} 编码。", byte=at) from error


def _gb18030(raw: bytes, final: bool) -> tuple[str, int]:
    decoder = codecs.getincrementaldecoder("gb18030")()
    text = decoder.decode(raw, final)
    pending, _ = decoder.getstate()
    return text, len(raw) - len(pending)


def charset_of(pieces: Callable[[], Pieces]) -> str:
    """UTF-8 if the file is that, else GB18030, in which every GBK file is written. `pieces` starts the file anew.

    A short GBK file can be UTF-8 by accident, but then it has no Chinese character in UTF-8, which takes three bytes:
    the first of those decides, and only a file without any is read to its end for it. A UTF-8 file with a slip in it is
    still that: as GB18030 many such can be read, too, and would be taken in as other characters than were meant.
    """
    accidental = False
    try:
        for piece in _whole(pieces(), "utf-8"):
            if piece.isascii():
                continue
            if piece.translate(None, _ASCII_AND_TWO_BYTE_UTF8):
                return "utf-8"
            accidental = True
    except NotInCharset as broken:
        return "utf-8" if _is_utf8_but_for_slips(pieces(), broken.extra["byte"]) else "gb18030"
    return "gb18030" if accidental and _is_gb18030(pieces()) else "utf-8"


def _is_utf8_but_for_slips(pieces: Pieces, byte: int) -> bool:
    """Whether the piece with that byte has more Chinese characters in UTF-8 than places that are none."""
    start = 0
    for piece in pieces:
        if start <= byte < start + len(piece):
            text = piece.decode("utf-8", "replace")
            return len(text) - len(_CHINESE.sub("", text)) > text.count("\ufffd")
        start += len(piece)
    return False


def _is_gb18030(pieces: Pieces) -> bool:
    try:
        for _ in _whole(pieces, "gb18030"):
            pass
    except NotInCharset:
        return False
    return True
