"""A large file read through: its hash, its batches, and whether it makes sense. Nothing is stored on the way."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import polars as pl

from services.ingest import codecs
from services.ingest.batches import Prepared, only_keys, prepare
from services.ingest.message_signatures import must_be_announced
from services.ingest.models import Import
from services.ingest.usecases import uploads
from services.ingest.usecases.imports import Lease, Step
from services.ingest.usecases.submission import Count, must_have_sense
from services.ingest.validation import ROW, Batch, Checker
from shared.crypto import Vault
from shared.db import Database

_HASHED_AT_ONCE = 1024 * 1024


@dataclass
class Reading:
    """One worker's reading of one file. `rows`: how many records it has found so far."""

    lease: Lease
    db: Database
    vault: Vault
    checker: Checker
    unpacked_bytes: int
    rows: int = 0

    @property
    def file(self) -> Import:
        return self.lease.file

    async def digest(self) -> tuple[bytes, int]:
        """SHA-256 and size of the file before any encoding.

        Raises BadFile when it cannot be unpacked, DigestRefused when it is not the file that was announced.
        """
        if announced := self.file.announced_sha256:
            sent = await self.digest_as_sent()
            must_be_announced(announced, sent[0])
            if codecs.must_be_unpackable(self.file.content_encoding) == "identity":
                return sent
        pieces = codecs.unpacked(self._source(), self.file.content_encoding, self.unpacked_bytes)
        return await asyncio.to_thread(_digest, pieces)

    async def digest_as_sent(self) -> tuple[bytes, int]:
        """The same of the bytes as they came: all that can be said of a file that cannot be unpacked."""
        source = self._source()
        return await asyncio.to_thread(_digest, iter(lambda: source.read(_HASHED_AT_ONCE), b""))

    async def read_through(self) -> None:
        """Read every record, and check them until one is good. Raises whatever refuses the file whole."""
        count = Count()
        async for batch in self.batches():
            self.rows += len(batch.texts)
            if count.rejected == count.received:
                count.add(await self.prepared(batch), accepted=0, superseded=0)
        must_have_sense(count, self.checker.dataset)

    async def batches(self, after_row: int = 0) -> AsyncIterator[Batch]:
        """The batches of the file, without the rows up to `after_row`."""
        read = self._batches(self._source())
        while (batch := await asyncio.to_thread(next, read, None)) is not None:
            left = _after(batch, after_row)
            if len(left.texts):
                yield left

    async def prepared(self, batch: Batch) -> Prepared:
        """The batch checked, matched, sealed and fingerprinted."""
        submission = self.lease.submission
        return await asyncio.to_thread(
            prepare, batch, self.checker, self.vault, submission.reported_at, submission.agency
        )

    async def step(self, batch: Batch) -> Step:
        """The batch, ready to be stored."""
        prepared = await self.prepared(batch)
        keys = await asyncio.to_thread(self._keys, batch) if self.file.list_id and prepared.rejected else None
        return Step(prepared, keys, last_row(batch))

    def _keys(self, batch: Batch) -> Prepared:
        """A row of a full list that is refused names its record nevertheless, if its key can be read."""
        checker, submission = Checker(only_keys(self.checker.dataset)), self.lease.submission
        return prepare(batch, checker, self.vault, submission.reported_at, submission.agency)

    def _batches(self, source: BinaryIO) -> Iterator[Batch]:
        """A generator: all of it runs in the thread that asks for the next one, and the loop stays free to fetch."""
        file, dataset = self.file, self.checker.dataset
        yield from codecs.read_stream(source, file.content_type, file.content_encoding, dataset, self.unpacked_bytes)

    def _source(self) -> BinaryIO:
        return uploads.open_file(self.db, self.vault, self.file)


def _after(batch: Batch, row: int) -> Batch:
    if not row or batch.texts.item(0, ROW) > row:
        return batch
    return Batch(batch.texts.filter(pl.col(ROW) > row), batch.faults.filter(pl.col("row") > row))


def last_row(batch: Batch) -> int:
    """The number of the last row of a batch that has one."""
    return int(batch.texts.item(-1, ROW))


def _digest(pieces: Iterator[bytes]) -> tuple[bytes, int]:
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return digest.digest(), size
