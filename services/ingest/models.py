"""The tables read and written as rows. The bulk tables (fault, head, unmatched, identity) go by column: see store."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary
from sqlmodel import Field, SQLModel

SCHEMA = {"schema": "ingest"}


class SubmissionKey(SQLModel, table=True):
    """Which receipt an agency's Idempotency-Key led to."""

    __tablename__ = "submission_key"
    __table_args__ = SCHEMA

    agency: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    receipt_id: UUID
    dataset: str
    sha256: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Receipt(SQLModel, table=True):
    """What was handed in, by whom, and what became of it: counts of rows. `superseded` is part of `unchanged`."""

    __tablename__ = "receipt"
    __table_args__ = SCHEMA

    receipt_id: UUID = Field(primary_key=True)
    agency: str
    dataset: str
    reported_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    sha256: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    bytes: int = Field(sa_column=Column(BigInteger, nullable=False))
    content_type: str
    received: int
    accepted: int
    unchanged: int
    superseded: int
    rejected: int
    unmatched: int
    signed: bool = False
    traceparent: str | None = None
