"""The tables read and written as rows. The bulk tables (fault, head, unmatched, identity) go by column: see store."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
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


class ReceiptKey(SQLModel, table=True):
    """A key that signs receipts. Its private half (sealed) goes when it signs no more; the public half stays."""

    __tablename__ = "receipt_key"
    __table_args__ = SCHEMA

    kid: str = Field(primary_key=True)
    public: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    sealed: str | None = None
    made_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    signs_until: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class SignedReceipt(SQLModel, table=True):
    """A receipt as it was signed, once: whoever asks again gets the same bytes."""

    __tablename__ = "signed_receipt"
    __table_args__ = SCHEMA

    receipt_id: UUID = Field(primary_key=True)
    kid: str
    token: str
    signed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class SenderSignature(SQLModel, table=True):
    """The agency's own signature over its request (RFC 9421), as evidence: see message_signatures.Evidence."""

    __tablename__ = "sender_signature"
    __table_args__ = SCHEMA

    receipt_id: UUID = Field(primary_key=True)
    keyid: str
    algorithm: str
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    base: str
    signature: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    certificate: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sent_sha256: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
