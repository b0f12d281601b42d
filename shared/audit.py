"""The audit log of each service: append-only (its role may insert and read, no more) and hash-chained.

Who read what counts, too. Entry n's hash covers entry n-1's, so a removed or altered line breaks every later one.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from opentelemetry import trace
from sqlalchemy import BigInteger, Column, DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from shared.clock import now
from shared.db import Session, sql

GENESIS = "0" * 64
_PAGE = 1000
# Entries of one schema stand in one line: the lock is held until the transaction ends.
_CHAIN_LOCK = "select pg_advisory_xact_lock(hashtext('audit:' || current_schema()))"


class AuditEntry(SQLModel, table=True):
    """One line of the log. Lives in each service's own schema (by search_path)."""

    __tablename__ = "audit"

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    actor: str
    action: str
    subject: str
    details: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    trace_id: str | None = None
    previous_hash: str
    hash: str


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256, hex, over the canonical JSON of the entry and the hash before it."""
    content = [
        entry.seq,
        entry.at.astimezone(UTC).isoformat(),
        entry.recorded_at.astimezone(UTC).isoformat(),
        entry.actor,
        entry.action,
        entry.subject,
        entry.details,
        entry.trace_id,
        entry.previous_hash,
    ]
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


async def record(session: Session, actor: str, action: str, subject: str, details: dict[str, Any]) -> None:
    """Write who did what to whom, in this transaction. `details` is JSON and never holds personal data in the clear."""
    await sql(session, _CHAIN_LOCK)
    last = (await session.exec(select(AuditEntry).order_by(col(AuditEntry.seq).desc()).limit(1))).first()
    span = trace.get_current_span().get_span_context()
    entry = AuditEntry(
        seq=last.seq + 1 if last else 1,
        at=now(),
        recorded_at=datetime.now(UTC),
        actor=actor,
        action=action,
        subject=subject,
        details=json.loads(json.dumps(details, default=str)),
        trace_id=f"{span.trace_id:032x}" if span.is_valid else None,
        previous_hash=last.hash if last else GENESIS,
        hash="",
    )
    entry.hash = entry_hash(entry)
    session.add(entry)
    await session.flush()


async def broken_at(session: Session) -> int | None:
    """The number of the first entry that does not fit the chain; None when all of them do."""
    expected, seq = GENESIS, 0
    while page := (await session.exec(_page_after(seq))).all():
        for entry in page:
            seq += 1
            if entry.seq != seq or entry.previous_hash != expected or entry.hash != entry_hash(entry):
                return seq
            expected = entry.hash
        session.expunge_all()
    return None


def _page_after(seq: int) -> SelectOfScalar[AuditEntry]:
    return select(AuditEntry).where(col(AuditEntry.seq) > seq).order_by(col(AuditEntry.seq)).limit(_PAGE)
