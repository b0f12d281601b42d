"""Records from Parquet and Arrow, read in a process of their own.

Such a file tells lengths and offsets that its reader must believe. One that lies may end the process that reads it, or
ask for all memory there is: so that process is not ours, is bounded in memory and time, and its end is a refusal.
"""

import contextlib
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import IO, Any, BinaryIO

import polars as pl

from services.ingest.catalogue import Dataset
from services.ingest.codecs.blocks import BATCH_ROWS
from services.ingest.codecs.compression import unpacked
from services.ingest.codecs.refusals import BadFile, must_be_columns, too_many_records, unreadable_columns
from services.ingest.validation import FAULTS, ROW, Batch

PARQUET, ARROW_STREAM, ARROW_FILE = "parquet", "arrow-stream", "arrow-file"

# Each may take half a gigabyte: more of them at once would be more than a small machine has. What no request can carry
# is read for minutes or hours, and keeps only its like waiting.
_AT_ONCE, _LARGE_AT_ONCE = threading.BoundedSemaphore(2), threading.BoundedSemaphore(2)
_LARGE_BYTES = 256 * 2**20
_FRAME = struct.Struct(">cQ")
_ENDED_EARLY = "The file is broken: its reader stopped at it. A length or an offset in it may be wrong."
_ENDED_EARLY_ZH = "文件损坏：读取中断，其中的长度或偏移可能有误。"


def read_columnar(
    source: BinaryIO, encoding: str, kind: str, dataset: Dataset, limit: int, *, most_rows: int | None = None
) -> Iterator[Batch]:
    """Batches from a Parquet or Arrow file of at most `limit` bytes as unpacked.

    One that announces more than `most_rows` is refused before any is read: a few bytes may stand for millions of rows.
    Values are told as JSON would write them, so that a record is the same in every format. Raises BadFile,
    FileTooLarge, UnknownItems, MissingColumns or UnreadableColumns.
    """
    seats = _LARGE_AT_ONCE if limit > _LARGE_BYTES else _AT_ONCE
    sets = [item.item for item in dataset.items if item.kind == "set"]
    with seats, _on_disk(source, encoding, limit) as file, _reader(file, kind, sets) as frames:
        names = json.loads(_expected(frames, b"N"))
        must_be_columns(names, dataset)
        if refused := json.loads(_expected(frames, b"R")):
            raise unreadable_columns(refused)
        announced = json.loads(_expected(frames, b"C"))
        if most_rows is not None and (announced or 0) > most_rows:
            raise too_many_records(most_rows, announced)
        absent = [pl.lit(None, dtype=pl.String).alias(name) for name in dataset.by_name if name not in names]
        done = 0
        while payload := _expected(frames, b"T"):
            texts = pl.read_ipc_stream(payload).with_columns(absent).select(*dataset.by_name)
            faults = pl.read_json(_expected(frames, b"F"), schema=FAULTS)
            yield Batch(texts.with_row_index(ROW, offset=done + 1), faults.with_columns(pl.col("row") + done))
            done += len(texts)


@contextlib.contextmanager
def _on_disk(source: BinaryIO, encoding: str, limit: int) -> Iterator[IO[bytes]]:
    """The file as unpacked, where another process can read it: the last of these formats is understood from its end."""
    if encoding.strip().lower() in ("", "identity") and _is_whole_file(source):
        yield source
        return
    with tempfile.TemporaryFile() as file:
        for piece in unpacked(source, encoding, limit):
            file.write(piece)
        file.flush()
        file.seek(0)
        yield file


def _is_whole_file(source: BinaryIO) -> bool:
    try:
        return source.fileno() >= 0 and source.tell() == 0
    except (OSError, io.UnsupportedOperation):
        return False


@contextlib.contextmanager
def _reader(file: IO[bytes], kind: str, sets: list[str]) -> Iterator[IO[bytes]]:
    """What the reading process says about the file, frame by frame. It ends with us."""
    command = [sys.executable, "-m", "services.ingest.columnar.reader", kind, str(BATCH_ROWS), *sets]
    # What a file might make of its reader must not find our keys: they are in our environment.
    known = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "TZ") if name in os.environ}
    quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
    with subprocess.Popen(command, stdin=file, stdout=pipe, stderr=quiet, env=known) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            yield process.stdout
        finally:
            process.kill()


def _expected(frames: IO[bytes], kind: bytes) -> bytes:
    """The payload of the next frame; an empty one at the file's proper end. Raises BadFile when there is none."""
    head = frames.read(_FRAME.size)
    if len(head) < _FRAME.size:
        raise BadFile(_ENDED_EARLY, detail_zh=_ENDED_EARLY_ZH)
    found, size = _FRAME.unpack(head)
    payload = frames.read(size)
    if len(payload) < size:
        raise BadFile(_ENDED_EARLY, detail_zh=_ENDED_EARLY_ZH)
    if found == b"X":
        raise BadFile(**_refusal(payload))
    return payload if found == kind else b""


def _refusal(payload: bytes) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(payload)
    return told
