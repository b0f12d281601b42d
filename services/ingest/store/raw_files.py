"""Raw files as they were handed in: read again, and given up when their retention ends."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select

from services.ingest.models import Import
from services.ingest.sealing import SealedBody
from shared.db import Session, sql

_RAW_FILE = "select sha256, content, sealed_key, bytes from ingest.body where sha256 = :sha256"
_PURGE = """
select * from ingest.purge_bodies(cast(:datasets as text[]), cast(:cutoffs as timestamptz[]), cast(:most as int))
"""
_PURGE_PIECES = """
select * from ingest.purge_pieces(cast(:datasets as text[]), cast(:cutoffs as timestamptz[]), cast(:most as int))
"""
_MOST_LARGE = 20


class Purged(NamedTuple):
    """A raw file that is gone; `dataset` is one of those whose receipts it belonged to."""

    sha256: bytes
    bytes: int
    dataset: str


async def raw_file(session: Session, sha256: bytes) -> SealedBody | None:
    """The file of that hash, still sealed; None when it is kept no longer, or elsewhere."""
    found = (await sql(session, _RAW_FILE, sha256=sha256)).first()
    return SealedBody(found.sha256, found.content, found.sealed_key, found.bytes) if found else None


async def import_file(session: Session, receipt_id: UUID) -> Import | None:
    """The large file of that receipt, whose pieces are still kept."""
    wanted = select(Import).where(col(Import.import_id) == receipt_id, col(Import.purged_at).is_(None))
    return (await session.exec(wanted)).first()


async def purge_pieces(session: Session, cutoffs: Mapping[str, datetime], most: int) -> list[Purged]:
    """The same for large files that were taken in, refused, or broke us; a few at once, for each has many pieces."""
    given = {"datasets": list(cutoffs), "cutoffs": list(cutoffs.values()), "most": min(most, _MOST_LARGE)}
    found = await sql(session, _PURGE_PIECES, **given)
    return [Purged(line.sha256, line.bytes, line.dataset) for line in found]


async def purge_bodies(session: Session, cutoffs: Mapping[str, datetime], most: int) -> list[Purged]:
    """Give up raw files of which every receipt was reported before its dataset's cutoff, at most so many.

    Datasets that are not named are kept. PostgreSQL keeps whatever is younger than half a year, whatever it is told.
    """
    found = await sql(session, _PURGE, datasets=list(cutoffs), cutoffs=list(cutoffs.values()), most=most)
    return [Purged(line.sha256, line.bytes, line.dataset) for line in found]
