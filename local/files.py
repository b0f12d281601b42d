"""Files that are whole or not there: written beside their place, then moved into it, so a full disk halves none."""

import os
from pathlib import Path

PUBLIC, PRIVATE = 0o666, 0o600


def write(path: Path, content: bytes, mode: int = PUBLIC) -> None:
    """Replace `path` in one step. Raises OSError and leaves what was there before."""
    write_together((path, content, mode))


def write_together(*contents: tuple[Path, bytes, int]) -> None:
    """Files that belong together, each with its mode: none is replaced before all are written. Raises OSError."""
    staged = [(path, path.with_name(f".{path.name}.new")) for path, _content, _mode in contents]
    try:
        for (_path, beside), (_, content, mode) in zip(staged, contents, strict=True):
            _write_new(beside, content, mode)
        for path, beside in staged:
            beside.replace(path)
    except OSError:
        for _path, beside in staged:
            beside.unlink(missing_ok=True)
        raise


def _write_new(path: Path, content: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
