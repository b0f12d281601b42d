"""Many small files at once: a column operation costs the same for one record as for a hundred."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import polars as pl

from services.ingest.catalogue import Dataset
from services.ingest.codecs.json_columns import columns
from services.ingest.validation import FAULTS, ROW, Batch
from shared.errors import AnxinError

_BLANKS = b" \t\r\n"
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True)
class Together:
    """Small files as one batch, rows numbered through. `counts`: each file's rows; None: it cannot be read."""

    batch: Batch
    counts: list[int | None]


def arrays_together(bodies: Sequence[bytes], dataset: Dataset) -> Together | None:
    """JSON arrays in which nothing takes a closer look; None when something does."""
    try:
        counts = [len(_ELEMENTS.decode(body)) for body in bodies]
    except (msgspec.DecodeError, RecursionError):
        return None
    inner = [body.strip(_BLANKS)[1:-1] for body, count in zip(bodies, counts, strict=True) if count]
    texts = columns(b"[" + b",".join(inner) + b"]", tuple(dataset.by_name), is_array=True) if inner else None
    if texts is None or len(texts) != sum(counts):
        return None
    return Together(Batch(texts.with_row_index(ROW, offset=1), pl.DataFrame(schema=FAULTS)), list(counts))


def joined(files: Sequence[Sequence[Batch] | AnxinError], dataset: Dataset) -> Together:
    """Files that were read one by one, or could not be. One with blank lines is none of them: its rows keep numbers
    that are not counted through."""
    texts = [pl.DataFrame(schema=dict.fromkeys(dataset.by_name, pl.String))]
    faults = [pl.DataFrame(schema=FAULTS)]
    counts: list[int | None] = []
    before = 0
    for file in files:
        if isinstance(file, AnxinError) or not _is_counted_through(file):
            counts.append(None)
            continue
        texts += [batch.texts.drop(ROW) for batch in file]
        faults += [batch.faults.with_columns(pl.col("row") + pl.lit(before, pl.UInt32)) for batch in file]
        counts.append(sum(len(batch.texts) for batch in file))
        before += counts[-1] or 0
    return Together(Batch(pl.concat(texts).with_row_index(ROW, offset=1), pl.concat(faults)), counts)


def _is_counted_through(file: Sequence[Batch]) -> bool:
    rows = sum(len(batch.texts) for batch in file)
    return all(batch.texts.item(-1, ROW) <= rows for batch in file if len(batch.texts))
