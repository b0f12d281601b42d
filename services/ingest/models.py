"""The tables read and written as rows. The bulk tables (fault, head, unmatched, identity) go by column: see store."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, Text
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


class Link(SQLModel, table=True):
    """What leads to whom: by our own evidence, or by a person's answer (`subject_id` None: nobody we know)."""

    __tablename__ = "link"
    __table_args__ = SCHEMA

    link_id: UUID = Field(primary_key=True)
    method: str
    kind: str
    scope: str
    value: str
    division: str
    subject_id: str | None
    since: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    made_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    made_by: str
    reason: str | None = None
    undone_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    undone_by: str | None = None
    undo_reason: str | None = None
    is_emptied: bool = False
    taught_by: UUID | None = None
    confirmed_by: UUID | None = None


class Question(SQLModel, table=True):
    """Whose are these records? With candidates; due when something was learned or answered since the last look."""

    __tablename__ = "question"
    __table_args__ = SCHEMA

    question_id: UUID = Field(primary_key=True)
    kind: str
    scope: str
    value: str
    division: str
    told: str
    dataset: str
    agency: str
    asked_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    state: str = "open"
    candidates: list[dict[str, Any]] = Field(default=[], sa_column=Column(JSONB, nullable=False))
    best_score: int | None = None
    due_after: UUID | None = None


_Digest = bytes | None  # a model with a column `bytes` cannot say this inside


class Import(SQLModel, table=True):
    """A large file on its way in: `arrived` of `length` bytes, `received` of `rows_read` rows. The id is its receipt's.

    last_row: the number of the last row that was taken in; a worker goes on behind it.

    corrects, part_of, as_of and month: what its sender said of it, as of a file in one request. `announced_sha256`: of
    the file as sent, as he says, and `evidence` his signature over that; it counts once the file was found to be so.

    state: receiving -> waiting -> reading (is it whole and readable?) -> storing -> done; or refused (whole, see
    `problem`), failed (we broke), withdrawn (by the agency), expired (unfinished for too long).
    """

    __tablename__ = "import"
    __table_args__ = SCHEMA

    import_id: UUID = Field(primary_key=True)
    agency: str
    dataset: str
    key: str | None = None
    told: str = Field(default="", sa_column=Column("metadata", Text, nullable=False))
    content_type: str
    content_encoding: str
    file_key: str
    length: int = Field(sa_column=Column(BigInteger, nullable=False))
    arrived: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    state: str = "receiving"
    version: int = Field(default=1, sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    reported_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    finished_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    traceparent: str | None = None
    attempts: int = 0
    sha256: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    bytes: int | None = Field(default=None, sa_column=Column(BigInteger))
    rows_read: int = 0
    last_row: int = 0
    received: int = 0
    accepted: int = 0
    superseded: int = 0
    rejected: int = 0
    unmatched: int = 0
    problem: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    corrects: UUID | None = None
    part_of: UUID | None = None
    as_of: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    month: str | None = None
    keyless: int = 0
    purged_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    announced_sha256: _Digest = Field(default=None, sa_column=Column(LargeBinary))
    evidence: dict[str, str] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))

    @property
    def list_id(self) -> UUID | None:
        """The full list that the file is a part of, or all of: then it has the file's own id."""
        return self.import_id if self.as_of else self.part_of

    @property
    def unchanged(self) -> int:
        return self.received - self.accepted - self.rejected - self.unmatched

    @property
    def is_over(self) -> bool:
        """Nothing more will happen to it."""
        return self.state in ("done", "refused", "failed", "withdrawn", "expired")


class Correction(SQLModel, table=True):
    """Which receipt another one corrects."""

    __tablename__ = "correction"
    __table_args__ = SCHEMA

    receipt_id: UUID = Field(primary_key=True)
    corrects: UUID


class Dispute(SQLModel, table=True):
    """A row that a user of the data called wrong, and what its source (`agency`) answered.

    state: open -> corrected | upheld. key, row_hash: the record, and the state of it that is disputed.
    """

    __tablename__ = "dispute"
    __table_args__ = SCHEMA

    dispute_id: UUID = Field(primary_key=True)
    receipt_id: UUID
    row_no: int
    dataset: str
    agency: str
    key: UUID
    row_hash: UUID
    item: str | None = None
    reason: str
    raised_by_kind: str
    raised_by: str
    raised_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    due_on: date
    state: str = "open"
    answer: str | None = None
    corrected_by: UUID | None = None
    answered_by: str | None = None
    answered_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))


class Snapshot(SQLModel, table=True):
    """A full list: all records of a register as of a moment. `prefix` begins their keys; `month` may be empty.

    `known`: open records of the register; `missing`: those that the list does not name.
    """

    __tablename__ = "snapshot"
    __table_args__ = SCHEMA

    snapshot_id: UUID = Field(primary_key=True)
    dataset: str
    agency: str
    prefix: str
    month: str
    as_of: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    state: str = "open"
    held_because: str | None = None
    known: int = 0
    missing: int = 0
    opened_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    settled_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
