"""What became of one row: its faults, whether it was taken or taken back, and which row is its record's newest."""

from typing import NamedTuple
from uuid import UUID

from shared.db import Session, sql

_FAULTS = "select item, code from ingest.fault where receipt_id = :receipt_id and row_no = :number order by id"
_PRESENT = """
select receipt_id, row_no, row_hash from ingest.head where key = cast(:key as uuid)
union all
select receipt_id, row_no, row_hash from ingest.unmatched where key = cast(:key as uuid)
limit 1
"""
_WAS_TAKEN = """
select exists (select from ingest.head where receipt_id = :receipt_id and row_no = :number)
    or exists (select from ingest.past_state where receipt_id = :receipt_id and row_no = :number) as taken
"""
_TAKEN_BACK = """
select exists (select from ingest.withdrawal where receipt_id = :receipt_id and rows @> cast(:number as int)) as back
"""
_LINKED = "select subject_id, method from ingest.linked_state where receipt_id = :receipt_id and row_no = :number"


class Linked(NamedTuple):
    """The subject that a link led a row to, and by which clue."""

    subject_id: str
    method: str


class Present(NamedTuple):
    """The newest state of a record, and the row it came from. `row_hash`: 32 hex digits."""

    receipt_id: UUID
    row: int
    row_hash: str


async def row_faults(session: Session, receipt_id: UUID, number: int) -> list[tuple[str, str]]:
    """Item and code of each fault or note of a row."""
    found = await sql(session, _FAULTS, receipt_id=receipt_id, number=number)
    return [(line.item, line.code) for line in found]


async def present(session: Session, key_hash: str) -> Present | None:
    """The newest state of the record with that key; one whose subject is not known yet counts as well."""
    found = (await sql(session, _PRESENT, key=key_hash)).first()
    return Present(found.receipt_id, found.row_no, found.row_hash.hex) if found else None


async def was_taken(session: Session, receipt_id: UUID, number: int) -> bool:
    """Whether the row is, or was, the state of its record."""
    return bool((await sql(session, _WAS_TAKEN, receipt_id=receipt_id, number=number)).scalar_one())


async def was_taken_back(session: Session, receipt_id: UUID, number: int) -> bool:
    """Whether its agency has withdrawn the row."""
    return bool((await sql(session, _TAKEN_BACK, receipt_id=receipt_id, number=number)).scalar_one())


async def linked(session: Session, receipt_id: UUID, number: int) -> Linked | None:
    """How a row found its subject by a link; None when it needed none, or waits."""
    found = (await sql(session, _LINKED, receipt_id=receipt_id, number=number)).first()
    return Linked(found.subject_id, found.method) if found else None
