"""One row of a kept file, read again as a stream: what it said, and what the checks make of it. Pure."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal, NamedTuple

import polars as pl

from services.ingest.batches import KEY, KEY_HASH, ROW_HASH, SOURCE_TIME, prepare
from services.ingest.catalogue import Dataset
from services.ingest.codecs import read_stream
from services.ingest.matching import SUBJECT
from services.ingest.sealing import SealedBody, open_packed
from services.ingest.validation import ROW, Batch, Checker
from shared.crypto import Vault

Way = Literal["credit_code", "credit_code_repaired", "own_key"]


@dataclass(frozen=True)
class Identified:
    """What a good row is about. `key_hash`, `row_hash`: as the store compares them. `subject`: None while unknown."""

    key: str
    key_hash: str
    row_hash: str
    source_time: datetime
    subject: str | None
    matched_by: Way | None


@dataclass(frozen=True)
class RowAsSent:
    """A row's texts as they were written; `identified` is None for one that is refused."""

    texts: Mapping[str, str | None]
    identified: Identified | None


@dataclass(frozen=True)
class Origin:
    """How a file came: who reported it when, and as what."""

    agency: str
    reported_at: datetime
    content_type: str


class Original(NamedTuple):
    """A file as it is kept: its bytes (able to seek), what packs them, and how many there are unpacked at most."""

    source: BinaryIO
    encoding: str
    bytes: int


def original(kept: SealedBody, vault: Vault) -> Original:
    """The file that came in one request."""
    return Original(io.BytesIO(open_packed(vault, kept)), "zstd", kept.bytes)


def row_as_sent(kept: Original, number: int, origin: Origin, checker: Checker, vault: Vault) -> RowAsSent | None:
    """Row `number` (from 1) of a kept file; None when it has fewer, or the line is blank. Reads no further than it.

    It costs the reading of all rows before it, in bounded memory.
    """
    source, encoding, limit = kept
    found = _row(read_stream(source, origin.content_type, encoding, checker.dataset, limit), number)
    if found is None:
        return None
    texts = found.texts.drop(ROW).row(0, named=True)
    prepared = prepare(found, checker, vault, origin.reported_at, origin.agency)
    good = pl.concat([prepared.matched, prepared.unmatched])
    return RowAsSent(texts, _identified(good, texts, checker.dataset) if len(good) else None)


def divisions(texts: Mapping[str, str | None], dataset: Dataset) -> list[str]:
    """The places that a row names, as codes of 9 digits."""
    told = [(texts.get(item.item) or "").strip() for item in dataset.items if item.kind == "div9"]
    return [text for text in told if len(text) == 9 and text.isdecimal()]


def _row(batches: Iterator[Batch], number: int) -> Batch | None:
    for batch in batches:
        if len(batch.texts) and batch.texts.item(-1, ROW) >= number:
            texts = batch.texts.filter(pl.col(ROW) == number)
            return Batch(texts, batch.faults.filter(pl.col("row") == number)) if len(texts) else None
    return None


def _identified(good: pl.DataFrame, texts: Mapping[str, str | None], dataset: Dataset) -> Identified:
    line = good.row(0, named=True)
    return Identified(
        key=line[KEY],
        key_hash=line[KEY_HASH],
        row_hash=line[ROW_HASH],
        source_time=line[SOURCE_TIME],
        subject=line[SUBJECT],
        matched_by=_way(line[SUBJECT], texts, dataset),
    )


def _way(subject: str | None, texts: Mapping[str, str | None], dataset: Dataset) -> Way | None:
    """How the row found its subject: an employer by its credit code, anything else by its own key."""
    if subject is None:
        return None
    if dataset.subject.kind != "employer":
        return "own_key"
    return "credit_code" if texts.get(dataset.subject.item or "") == subject else "credit_code_repaired"
