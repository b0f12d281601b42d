"""The files of a world: Parquet, or CSV as real offices write it (UTF-8, GB18030 or Excel's UTF-16, with a BOM, with
ragged lines, with semicolons or tabs between the columns).
"""

import codecs
import io
import re
from pathlib import Path

import polars as pl

_KINDS = (".parquet", ".csv")
_PIECE_BYTES = 1 << 20
_QUOTED = re.compile(r'"[^"]*"')
_SIDE_BY_SIDE = re.compile(rb"[\x81-\xfe][\x80-\xfe]")
_ASCII = bytes(range(128))
_BLANK = codecs.BOM_UTF8 + codecs.BOM_UTF16_LE + b" \t\r\n\x00"
_OTHER_SEPARATORS = (";", "\t", "|")


def find(folder: Path, name: str) -> Path | None:
    """The file of a dataset, Parquet before CSV, in whatever case its name is written; None when there is none."""
    there = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_file()}
    exact = (folder / f"{name}{kind}" for kind in _KINDS)
    found = (path if path.is_file() else there.get(path.name.lower()) for path in exact)
    return next((path for path in found if path), None)


def is_blank(path: Path) -> bool:
    """Whether nothing is written in a file, not even a header: an office that had nothing to send."""
    with path.open("rb") as file:
        return not file.read(_PIECE_BYTES).strip(_BLANK)


def scan(path: Path) -> pl.LazyFrame:
    """The file's columns, not yet read, under tidy names; every column of a CSV is text.

    Raises ComputeError, with the file's name, where it is not what its name says.
    """
    try:
        lazy = pl.scan_parquet(path) if path.suffix.lower() == ".parquet" else _scan_csv(path)
        names = lazy.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise pl.exceptions.ComputeError(f"{path.name}: {error}") from error
    tidy = [name.strip().strip("\ufeff").lower() for name in names]
    # A name that stands there twice counts once: the first.
    kept = {new: old for old, new in reversed(list(zip(names, tidy, strict=True)))}
    return lazy.select(pl.col(old).alias(new) for new, old in kept.items())


def _scan_csv(path: Path) -> pl.LazyFrame:
    encoding, faults = encoding_of(path)
    is_utf8 = encoding == "utf-8"
    source = path if is_utf8 else io.BytesIO(path.read_bytes().decode(encoding, errors="replace").encode())
    return pl.scan_csv(
        source,
        separator=_separator(path, encoding),
        encoding="utf8-lossy" if is_utf8 and faults else "utf8",
        infer_schema=False,
        truncate_ragged_lines=True,
        ignore_errors=True,
    )


def _separator(path: Path, encoding: str) -> str:
    """A comma, unless the header has none and exactly one other sign that may stand between columns."""
    with path.open(encoding=encoding, errors="replace", newline=None) as file:
        header = _QUOTED.sub("", next((line for line in file if line.strip("\ufeff \n")), ""))
    there = [sign for sign in _OTHER_SEPARATORS if sign in header.strip(" \n")]
    return there[0] if len(there) == 1 and "," not in header else ","


def encoding_of(path: Path) -> tuple[str, int]:
    """How a CSV is written, and how many of its bytes are none of that. Looked at to its end: the first Chinese name
    may stand behind a million codes. Cut off within a letter it is UTF-8 still, and so it is with a few bytes spoilt,
    or where the few bytes beyond ASCII stand alone.
    """
    with path.open("rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16", 0
    if _is_utf8(path):
        return "utf-8", 0
    good, bad = _letters(path, "utf-8")
    # Of Chinese in GB18030 one letter in six looks like UTF-8 by chance.
    if 2 * bad <= good or not _is_chinese(path):
        return "utf-8", bad
    return "gb18030", _letters(path, "gb18030")[1]


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                decoder.decode(piece)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese(path: Path) -> bool:
    """Whether most bytes beyond ASCII stand side by side, as the two of nearly every letter of GB18030 do.

    One that stands alone is a letter of Latin-1, or spoilt: it would swallow the sign behind it.
    """
    paired, beyond = 0, 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            paired += 2 * len(_SIDE_BY_SIDE.findall(piece))
            beyond += len(piece.translate(None, _ASCII))
    return 2 * paired > beyond


def _letters(path: Path, encoding: str) -> tuple[int, int]:
    """How many letters beyond ASCII a file has in an encoding, and how many places that are no letter."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    good, bad = 0, 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            text = decoder.decode(piece)
            spoilt = text.count("\ufffd")
            bad += spoilt
            good += len(text) - len(text.encode("ascii", "ignore")) - spoilt
    return good, bad
