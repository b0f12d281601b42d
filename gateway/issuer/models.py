"""The issuer's tables. Secrets are kept as hashes (passwords, codes, refresh tokens) or sealed (signing keys)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

_SCHEMA = {"schema": "issuer"}


def _time(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_type=DateTime(timezone=True), nullable=nullable)


def _texts() -> Any:
    return Field(default_factory=list, sa_type=ARRAY(Text), nullable=False)


class Client(SQLModel, table=True):
    """An agency, or the program through which people log in."""

    __tablename__ = "client"
    __table_args__ = _SCHEMA

    client_id: str = Field(primary_key=True)
    name: str
    auth_method: str
    subject: str | None = None
    thumbprints: list[str] = _texts()
    jwks: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    scopes: list[str] = _texts()
    redirect_uris: list[str] = _texts()
    created_at: datetime = _time()
    revoked_at: datetime | None = _time(nullable=True)


class Person(SQLModel, table=True):
    """Somebody who may log in. `sig_jkt` is the thumbprint (RFC 7638) of the key he or she signs decisions with."""

    __tablename__ = "person"
    __table_args__ = _SCHEMA

    login: str = Field(primary_key=True)
    name: str
    password_hash: str
    roles: list[str] = _texts()
    division: str | None = None
    sig_jkt: str | None = None
    created_at: datetime = _time()
    revoked_at: datetime | None = _time(nullable=True)


class SigningKey(SQLModel, table=True):
    """A key that signs tokens, and when (see rules/keys.py)."""

    __tablename__ = "signing_key"
    __table_args__ = _SCHEMA

    kid: str = Field(primary_key=True)
    public: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    sealed: str
    signs_from: datetime = _time()
    signs_until: datetime = _time()
    published_until: datetime = _time()


class LoginFailure(SQLModel, table=True):
    """Wrong passwords in a row, by login (known or not)."""

    __tablename__ = "login_failure"
    __table_args__ = _SCHEMA

    login: str = Field(primary_key=True)
    failures: int
    last_at: datetime = _time()


class Code(SQLModel, table=True):
    """An authorization code: single use, a minute long, for one client and one address."""

    __tablename__ = "code"
    __table_args__ = _SCHEMA

    hash: str = Field(primary_key=True)
    client_id: str
    login: str
    redirect_uri: str
    challenge: str
    scope: str
    nonce: str | None = None
    authenticated_at: datetime = _time()
    expires_at: datetime = _time()
    used_at: datetime | None = _time(nullable=True)
    family: UUID


class RefreshToken(SQLModel, table=True):
    """One link of a login's chain. Each is used once; a second use breaks the whole family (RFC 9700 section 4.14)."""

    __tablename__ = "refresh_token"
    __table_args__ = _SCHEMA

    hash: str = Field(primary_key=True)
    family: UUID
    client_id: str
    login: str
    scope: str
    authenticated_at: datetime = _time()
    access_jti: str
    access_until: datetime = _time()
    expires_at: datetime = _time()
    used_at: datetime | None = _time(nullable=True)
    revoked_at: datetime | None = _time(nullable=True)


class DataGrant(SQLModel, table=True):
    """An agency may hand in (`provide`) or read (`use`) a dataset: why, by whose leave, and from when until when.

    `origin`: "request" was asked for and decided by two people; "operator" was given with the certificate.
    """

    __tablename__ = "data_grant"
    __table_args__ = _SCHEMA

    grant_id: UUID = Field(primary_key=True)
    agency: str
    dataset: str
    direction: str
    scopes: list[str] = _texts()
    origin: str
    purpose: str
    legal_basis: str
    sharing: str | None = None
    state: str
    requested_by: str
    requested_at: datetime = _time()
    reply_due_on: date | None = None
    decided_by: str | None = None
    decided_at: datetime | None = _time(nullable=True)
    decision_reason: str | None = None
    deliver_by: date | None = None
    valid_from: datetime = _time()
    valid_to: datetime | None = _time(nullable=True)
    ended_by: str | None = None
    ended_at: datetime | None = _time(nullable=True)
    end_reason: str | None = None


class KnownDataset(SQLModel, table=True):
    """A dataset as ingest announced it last."""

    __tablename__ = "known_dataset"
    __table_args__ = _SCHEMA

    dataset: str = Field(primary_key=True)
    label_zh: str
    label_en: str
    department: str
    sharing: str
    legal_basis: str
    until: date | None = None
    announced_at: datetime = _time()


class DeadLetterStep(SQLModel, table=True):
    """What was done with a dead letter. Numbers begin anew when the bus is emptied: the time belongs to the key."""

    __tablename__ = "dead_letter_step"
    __table_args__ = _SCHEMA

    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    buried_at: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    step: str
    consumer: str
    subject: str
    reason: str
    by_whom: str
    at: datetime = _time()
