"""Large files on their way in: beginning, arriving, and ending before they are whole. Time is the database's own."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from services.ingest.models import Import
from services.ingest.pieces import Piece
from shared.db import Session, sql

_BEGIN = """
insert into ingest.import (import_id, agency, dataset, key, metadata, content_type, content_encoding, file_key, length,
    expires_at, corrects, part_of, as_of, month, announced_sha256, evidence)
values (:import_id, :agency, :dataset, :key, :metadata, :content_type, :content_encoding, :file_key, :length,
    now() + make_interval(secs => :keep_s), :corrects, :part_of, :as_of, :month, :announced_sha256,
    cast(:evidence as jsonb))
"""

_OPEN = """
select count(*) as files, coalesce(sum(length), 0) as bytes from ingest.import
where agency = :agency and state in ('receiving', 'waiting', 'reading', 'storing')
"""

# Of two at the same place one wins: the other finds that the file has moved on.
_APPEND = """
with moved as (
    update ingest.import set arrived = arrived + :bytes, version = version + 1,
        expires_at = now() + make_interval(secs => :keep_s)
    where import_id = :import_id and arrived = :first_byte and state = 'receiving' and expires_at > now()
        and arrived + :bytes <= length
    returning import_id
)
insert into ingest.import_piece (import_id, first_byte, bytes, content)
select import_id, :first_byte, :bytes, :content from moved
"""

_COMPLETE = """
update ingest.import set state = 'waiting', version = version + 1, reported_at = :reported_at,
    traceparent = :traceparent
where import_id = :import_id and state = 'receiving' and arrived = length
"""

_WITHDRAW = """
update ingest.import set state = 'withdrawn', finished_at = now(), version = version + 1
where import_id = :import_id and state in ('receiving', 'waiting')
"""

_EXPIRE = """
update ingest.import set state = 'expired', finished_at = now(), version = version + 1
where state = 'receiving' and expires_at < now() and (cast(:agency as text) is null or agency = :agency)
returning import_id
"""

_FORGET_PIECES = "select ingest.forget_pieces(cast(:import_ids as uuid[]))"

_ON_THEIR_WAY = """
select import_id from ingest.import
where (part_of = :snapshot_id or import_id = :snapshot_id)
    and state in ('receiving', 'waiting', 'reading', 'storing', 'failed')
order by import_id
"""

_PIECE = """
select first_byte, bytes, content from ingest.import_piece
where import_id = :import_id and first_byte <= :byte order by first_byte desc limit 1
"""


async def hold_agency(session: Session, agency: str) -> None:
    """Let an agency's uploads begin one after the other, so that its allowance is counted right."""
    await sql(session, "select pg_advisory_xact_lock(hashtext('import:' || :agency))", agency=agency)


async def begin(session: Session, import_id: UUID, keep_s: float, **columns: object) -> Import:
    """A new upload, kept for that many seconds without a byte. `columns`: those of `_BEGIN`, by name."""
    await sql(session, _BEGIN, import_id=import_id, keep_s=keep_s, **columns)
    begun = await an_import(session, import_id)
    assert begun is not None  # noqa: S101 - it was written a moment ago, in this transaction
    return begun


async def an_import(session: Session, import_id: UUID) -> Import | None:
    """The import of that id, as it is now."""
    found = select(Import).where(col(Import.import_id) == import_id).execution_options(populate_existing=True)
    return (await session.exec(found)).first()


async def by_key(session: Session, agency: str, key: str) -> Import | None:
    """The import that an agency's Idempotency-Key led to and that is still worth something."""
    found = select(Import).where(
        col(Import.agency) == agency, col(Import.key) == key, col(Import.state).not_in(("withdrawn", "expired"))
    )
    return (await session.exec(found)).first()


async def open_of(session: Session, agency: str) -> tuple[int, int]:
    """How many files of an agency are on their way, and how many bytes they will have."""
    found = (await sql(session, _OPEN, agency=agency)).one()
    return int(found.files), int(found.bytes)


async def append(session: Session, import_id: UUID, piece: Piece, keep_s: float) -> bool:
    """Keep a piece if the file has arrived exactly up to it. False: it has moved on, or takes no more."""
    done = await sql(
        session,
        _APPEND,
        import_id=import_id,
        first_byte=piece.first_byte,
        bytes=piece.size,
        content=piece.content,
        keep_s=keep_s,
    )
    return bool(done.rowcount)


async def complete(session: Session, import_id: UUID, reported_at: datetime, traceparent: str | None) -> bool:
    """Hand a file that has arrived whole to the workers. False: it has not, or somebody did."""
    done = await sql(session, _COMPLETE, import_id=import_id, reported_at=reported_at, traceparent=traceparent)
    return bool(done.rowcount)


async def withdraw(session: Session, import_id: UUID) -> bool:
    """Forget a file that no worker has begun with. False: too late."""
    if not (await sql(session, _WITHDRAW, import_id=import_id)).rowcount:
        return False
    await sql(session, _FORGET_PIECES, import_ids=[import_id])
    return True


async def expire(session: Session, agency: str | None = None) -> list[UUID]:
    """Forget what nobody has continued for too long (of that agency, else of all). Returns their ids."""
    gone = [row.import_id for row in await sql(session, _EXPIRE, agency=agency)]
    if gone:
        await sql(session, _FORGET_PIECES, import_ids=gone)
    return gone


async def parts_on_their_way(session: Session, snapshot_id: UUID) -> list[UUID]:
    """The imports of a full list that are not taken in, or were only in part: those that failed, too."""
    return list((await sql(session, _ON_THEIR_WAY, snapshot_id=snapshot_id)).scalars())


async def piece(session: Session, import_id: UUID, byte: int) -> Piece | None:
    """The piece in which that byte of the file lies."""
    found = (await sql(session, _PIECE, import_id=import_id, byte=byte)).first()
    return Piece(found.first_byte, found.content, found.bytes) if found else None
