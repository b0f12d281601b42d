"""The outside of Arrow's IPC formats: messages by their told lengths, none of which is believed before it is checked.

https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import IO, NamedTuple

import polars as pl

from services.ingest.columnar.flat import Misplaced, Table, Unreadable, root

# One batch is held whole: once as it came, and once as columns.
BATCH_BYTES = 128 * 2**20
_METADATA_BYTES = 4 * 2**20
_CONTINUATION = b"\xff\xff\xff\xff"
_END = _CONTINUATION + bytes(4)
_MAGIC = b"ARROW1"
_SCHEMA, _DICTIONARY, _BATCH = 1, 2, 3
_MIB = BATCH_BYTES // 2**20
_TOO_LONG = (
    f"A message of the stream is larger than {_MIB} MiB; write smaller record batches.",
    f"数据流中有一条消息超过 {_MIB} MiB，请写成较小的记录批。",
)
_LESS_THAN_NONE = "The stream is broken: a message has less than no bytes.", "数据流损坏：有一条消息的长度为负。"
_NO_MESSAGE = "The stream is broken: where a message should begin, none does.", "数据流损坏：应为消息开头处没有消息。"
_OUT_OF_MESSAGE = "The stream is broken: an offset leads out of its message.", "数据流损坏：偏移超出其消息。"
_CUT_OFF = (
    "The stream ends too early: it was cut off, or a length in it is wrong.",
    "数据流提前结束：被截断，或其中的长度有误。",
)
_NO_FOOTER = (
    "The file is no Arrow file, or it was cut off: its footer is broken.",
    "不是 Arrow 文件，或被截断：文件尾损坏。",
)


class _Message(NamedTuple):
    """A message: what it is about, its header, and all its bytes."""

    kind: int
    header: Table
    whole: bytes


def arrow_batches(source: IO[bytes]) -> Iterator[pl.DataFrame]:
    """The record batches of a stream one by one, after a table of no rows. Raises Unreadable."""
    messages = _messages(source)
    first = next(messages, None)
    if first is None or first.kind != _SCHEMA:
        raise Unreadable("The stream does not begin with its schema.", "数据流不以 schema 开头。")
    _schema_names(first.header)
    yield pl.read_ipc_stream(first.whole + _END)
    dictionaries: dict[int, bytes] = {}
    for message in messages:
        if message.kind == _BATCH:
            yield pl.read_ipc_stream(b"".join([first.whole, *dictionaries.values(), message.whole, _END]))
        elif message.kind == _DICTIONARY:
            _learn(dictionaries, message)
        else:
            raise Unreadable(
                "The stream is broken: its messages are no record batches.", "数据流损坏：消息不是记录批。"
            )


def _learn(dictionaries: dict[int, bytes], message: _Message) -> None:
    """A dictionary, or what is added to one: only all of it together is the dictionary."""
    number, is_delta = message.header.number(0, "<q"), message.header.number(2, "<B")
    dictionaries[number] = (dictionaries.get(number, b"") if is_delta else b"") + message.whole
    if sum(map(len, dictionaries.values())) > BATCH_BYTES:
        mib = BATCH_BYTES // 2**20
        raise Unreadable(f"The dictionaries of the stream are larger than {mib} MiB.", f"数据流的字典超过 {mib} MiB。")


def _messages(source: IO[bytes]) -> Iterator[_Message]:
    """The messages up to the end that the stream tells: one that only stops was cut off."""
    while True:
        start = _exactly(source, 8)
        if start == _END:
            break
        size = int.from_bytes(start[4:], "little", signed=True)
        if start[:4] != _CONTINUATION or not 0 < size <= _METADATA_BYTES:
            raise Unreadable(*_NO_MESSAGE)
        metadata = _exactly(source, size)
        try:
            message = root(metadata)
            kind, header, length = message.number(1, "<B"), message.table(2), message.number(3, "<q")
        except Misplaced as error:
            raise Unreadable(*_OUT_OF_MESSAGE) from error
        if not 0 <= length <= BATCH_BYTES:
            raise Unreadable(*(_TOO_LONG if length > 0 else _LESS_THAN_NONE))
        yield _Message(kind, header, start + metadata + _exactly(source, length))
    if source.read(1):
        raise Unreadable("After the end of the stream stands more.", "数据流结束之后还有内容。")


def _exactly(source: IO[bytes], size: int) -> bytes:
    found = source.read(size)
    if len(found) < size:
        raise Unreadable(*_CUT_OFF)
    return found


def file_names(path: str) -> list[str]:
    """The columns' names of an Arrow file, from its footer. Raises Unreadable."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 10))
        tail = file.read()
        length = int.from_bytes(tail[:4], "little", signed=True)
        if tail[4:] != _MAGIC or not 0 < length <= min(size - 10, _METADATA_BYTES):
            raise Unreadable(*_NO_FOOTER)
        file.seek(size - 10 - length)
        footer = file.read(length)
    try:
        return _schema_names(root(footer).table(1))
    except Misplaced as error:
        raise Unreadable(
            "The file is broken: an offset leads out of its footer.", "文件损坏：偏移超出文件尾。"
        ) from error


def _schema_names(schema: Table) -> list[str]:
    """The names of the fields, each of which stands there once. Raises Unreadable."""
    try:
        found = [field.text(0) for field in schema.tables(1)]
    except Misplaced as error:
        raise Unreadable(
            "The file is broken: an offset leads out of its schema.", "文件损坏：偏移超出 schema。"
        ) from error
    twice = next((name for name, times in Counter(found).items() if times > 1), None)
    if twice is not None:
        raise Unreadable(f"The column {twice[:64]!r} stands twice.", f"列 {twice[:64]!r} 重复出现。")
    return found
