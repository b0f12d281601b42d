"""What a model read of a subject, kept beside what it said: the same values, to the bit, whatever the facts are since.

Packed: little-endian float32 in the order of the model's columns (NaN: not known), zstd. Pure.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
import zstandard

from services.scoring.model.arrays import matrix

_KIND = np.dtype("<f4")
_MOST_BYTES = 1 << 24


def packed(table: pl.DataFrame, columns: Sequence[str]) -> dict[str, bytes]:
    """Of each subject of an input table what a model of these columns reads."""
    values = np.ascontiguousarray(matrix(table, columns), dtype=_KIND)
    return {subject: zstandard.compress(row.tobytes()) for subject, row in zip(table["subject"], values, strict=True)}


def unpacked(reading: bytes, subject: str, columns: Sequence[str]) -> pl.DataFrame:
    """The same as a table of one row. Raises ValueError when it is not of so many columns."""
    text = zstandard.decompress(reading, max_output_size=_MOST_BYTES)
    values = np.frombuffer(text, dtype=_KIND)
    if len(values) != len(columns):
        raise ValueError(f"{len(values)} values were read, the model has {len(columns)} columns")
    return pl.DataFrame({"subject": [subject]} | {name: [values[place]] for place, name in enumerate(columns)})
