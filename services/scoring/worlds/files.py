"""The files of a world: Parquet, or CSV as real offices write it (UTF-8 or GB18030, with a BOM, with ragged lines)."""

import codecs
import io
from pathlib import Path

import polars as pl

_KINDS = (".parquet", ".csv")
_PIECE_BYTES = 1 << 20


def find(folder: Path, name: str) -> Path | None:
    """The file of a dataset, Parquet before CSV; None when there is none."""
    found = (folder / f"{name}{kind}" for kind in _KINDS)
    return next((path for path in found if path.is_file()), None)


def scan(path: Path) -> pl.LazyFrame:
    """The file's columns, not yet read, under tidy names; every column of a CSV is text."""
    lazy = pl.scan_parquet(path) if path.suffix == ".parquet" else _scan_csv(path)
    names = lazy.collect_schema().names()
    tidy = [name.strip().strip("\ufeff").lower() for name in names]
    # A name that stands there twice counts once: the first.
    kept = {new: old for old, new in reversed(list(zip(names, tidy, strict=True)))}
    return lazy.select(pl.col(old).alias(new) for new, old in kept.items())


def _scan_csv(path: Path) -> pl.LazyFrame:
    source = path if _is_utf8(path) else io.BytesIO(path.read_bytes().decode("gb18030", errors="replace").encode())
    return pl.scan_csv(source, infer_schema=False, truncate_ragged_lines=True, ignore_errors=True)


def _is_utf8(path: Path) -> bool:
    """Looked at to its end: the first Chinese name may stand behind a million codes. Cut off within one it is still."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                decoder.decode(piece)
    except UnicodeDecodeError:
        return False
    return True
