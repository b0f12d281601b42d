"""The process that reads one Parquet or Arrow file, on its standard input, and tells its texts on its standard output.

Frames: a letter, a length (big endian, 8 bytes), a payload. `N` names, `R` columns that cannot be read and why, `C` how
many rows the file announces (null: a stream does not), then `T` texts (an Arrow stream) and `F` their faults (JSON) in
turn, `E` the end; or `X`, why the file cannot be read.
"""

import json
import os
import resource
import struct
import sys
from collections.abc import Iterator
from typing import IO

_MEMORY_BYTES = 512 * 2**20
_CPU_SECONDS = 900
_PATH = "/dev/fd/0"
_FRAME = struct.Struct(">cQ")
# Before polars starts its threads: more of them would only hold more of the file at once.
os.environ |= {"POLARS_MAX_THREADS": "1", "POLARS_ROW_GROUP_PREFETCH_SIZE": "1", "RUST_BACKTRACE": "0"}

import polars as pl  # noqa: E402

from services.ingest.columnar.arrow import arrow_batches, file_names  # noqa: E402
from services.ingest.columnar.flat import Unreadable  # noqa: E402
from services.ingest.columnar.texts import cut, texts_of, unreadable  # noqa: E402


def main() -> None:
    """Read the file of that kind: arguments are the kind, the rows a batch, and the items that are sets."""
    kind, rows, *sets = sys.argv[1:]
    out = os.fdopen(1, "wb")
    try:
        _bound()
        for letter, payload in _frames(kind, int(rows), frozenset(sets)):
            out.write(_FRAME.pack(letter, len(payload)) + payload)
    except Unreadable as error:
        _refuse(out, str(error), error.detail_zh)
    except BrokenPipeError:
        os._exit(1)
    except BaseException as error:  # a panic of the library is no Exception
        said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        _refuse(out, f"The file is broken: {said}.", "文件损坏，无法读取。")
    out.flush()
    os._exit(0)


def _refuse(out: IO[bytes], detail: str, detail_zh: str) -> None:
    payload = json.dumps({"detail": detail, "detail_zh": detail_zh}).encode()
    out.write(_FRAME.pack(b"X", len(payload)) + payload)


def _bound() -> None:
    """Of memory and time only so much: what asks for more is ended by the system."""
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _frames(kind: str, rows: int, sets: frozenset[str]) -> Iterator[tuple[bytes, bytes]]:
    if kind == "arrow-file":
        yield b"N", json.dumps(file_names(_PATH)).encode()
    tables = _tables(kind, rows)
    first = next(tables)
    if kind != "arrow-file":
        yield b"N", json.dumps(first.columns).encode()
    yield b"R", json.dumps(unreadable(first.schema, sets)).encode()
    yield b"C", json.dumps(None if kind == "arrow-stream" else _announced(_lazy(kind))).encode()
    for table in _with(first, tables):
        for piece in table.iter_slices(rows):
            for texts, faults in cut(*texts_of(piece, sets)):
                yield b"T", _ipc(texts)
                yield b"F", faults.write_json().encode()
    yield b"E", b""


def _with(first: pl.DataFrame, others: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    yield first
    yield from others


def _ipc(texts: pl.DataFrame) -> bytes:
    return bytes(texts.write_ipc_stream(None).getbuffer())


def _tables(kind: str, rows: int) -> Iterator[pl.DataFrame]:
    """The file in pieces, at least one (of no rows, for the names)."""
    if kind == "arrow-stream":
        yield from arrow_batches(sys.stdin.buffer)
        return
    lazy = _lazy(kind)
    yield pl.DataFrame(schema=lazy.collect_schema())
    count = _announced(lazy)
    for table in lazy.collect_batches(chunk_size=rows, maintain_order=True):
        count -= len(table)
        yield table
    # A reader that panics in a thread of its own ends as if the file did.
    if count:
        lost = abs(count)
        raise Unreadable(
            f"The file is broken: {lost} of the rows it announces cannot be read.",
            f"文件损坏：自报的行中有 {lost} 行无法读取。",
        )


def _lazy(kind: str) -> pl.LazyFrame:
    return pl.scan_parquet(_PATH, glob=False) if kind == "parquet" else pl.scan_ipc(_PATH, glob=False)


def _announced(lazy: pl.LazyFrame) -> int:
    """How many rows the file says that it has: read from its end, whatever it holds."""
    return int(lazy.select(pl.len()).collect().item())


if __name__ == "__main__":
    main()
