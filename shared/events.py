"""The only contract between the services, in flow order. Every event is a CloudEvents 1.0 type `cn.anxin.<subject>.v1`.

Optional fields may be added; a new meaning is a new event. `docs/events.md` and `docs/asyncapi.yaml` are generated from
this page. Times are aware datetimes, money is Decimal (a string in JSON), credit codes are 18 characters.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

Level = Literal["none", "blue", "yellow", "orange", "red"]
SubjectKind = Literal["employer", "project", "account", "person"]
Finding = Literal["confirmed", "no_arrears", "false", "unverifiable"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact of the past that others may build on."""

    subject: ClassVar[str]
    source: ClassVar[str]

    @classmethod
    def type(cls) -> str:
        """The CloudEvents type."""
        return f"cn.anxin.{cls.subject}.v1"


class RecordsAccepted(Event, frozen=True, kw_only=True):
    """ingest -> scoring. An agency's records were checked, kept, and are new or newer than what was known.

    Columns of equal length n. Names and phones are left out; numbers of persons and accounts are pseudonyms.
    """

    subject = "records.accepted"
    source = "ingest"
    receipt_id: UUID
    agency: str
    dataset: str
    subject_kind: SubjectKind
    subject_ids: list[str | None]
    keys: list[str]
    rows: list[int]
    source_times: list[datetime]
    reported_at: datetime
    columns: dict[str, list[Any]]


class ReceiptRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where a fact came from: a row (1-based) of a receipt."""

    receipt_id: UUID
    row: int
    agency: str
    dataset: str


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a level is what it is: a sentence with figures, and the rows behind it."""

    indicator: str
    family: str
    points: int
    text_zh: str
    text_en: str
    floor: Level | None = None
    as_of: str | None = None
    figures: dict[str, Any] = {}
    receipts: list[ReceiptRow] = []
    article: str | None = None


class _Scored(Event, frozen=True, kw_only=True):
    """What a score of any subject carries."""

    score_id: UUID
    name: str | None
    division: str | None
    level: Level
    previous_level: Level
    points: int
    families: list[str]
    reasons: list[Reason]
    scored_at: datetime
    rules_version: str


class EmployerScored(_Scored, frozen=True, kw_only=True):
    """scoring -> alerts. An employer's level or its reasons changed; `division` is the town of the workplace."""

    subject = "scores.employer"
    source = "scoring"
    uscc: str


class ProjectScored(_Scored, frozen=True, kw_only=True):
    """scoring -> alerts. A construction project's level or its reasons changed."""

    subject = "scores.project"
    source = "scoring"
    project_code: str
    gc_uscc: str | None = None
    gc_name: str | None = None


class AlertRaised(Event, frozen=True, kw_only=True):
    """alerts -> console. A new alert is open."""

    subject = "alerts.raised"
    source = "alerts"
    alert_id: UUID
    subject_kind: Literal["employer", "project"]
    subject_id: str
    uscc: str | None
    name: str | None
    division: str | None
    level: Level
    score_id: UUID
    raised_at: datetime


class AlertFound(Event, frozen=True, kw_only=True):
    """alerts -> scoring. What a person found on site: the label that scoring learns from."""

    subject = "alerts.found"
    source = "alerts"
    alert_id: UUID
    subject_kind: Literal["employer", "project"]
    subject_id: str
    uscc: str | None
    finding: Finding
    found_on: date
    score_id: UUID
    workers: int | None = None
    months: int | None = None
    amount: Decimal | None = None
    cause: str | None = None


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers for it beside the unit itself (Order 45, art. 5)."""

    role: Literal["unit", "legal_rep", "principal", "manager", "other"]
    name: str
    id_no_masked: str | None = None


class _Order(Event, frozen=True, kw_only=True):
    """An order to pay, with all the listing rules need. Figures are sums; no worker is named.

    `longest_months` and `largest_single` are over migrant workers only (Order 45, art. 5): the longest arrears of one,
    and the largest amount of one who is owed three months or more (0 when there is none).
    """

    order_id: UUID
    order_no: str
    alert_id: UUID
    uscc: str
    employer_name: str
    division: str
    deciding_org: str
    served_on: date
    term_ends_on: date
    amount: Decimal
    workers: int
    migrant_workers: int
    migrant_amount: Decimal
    longest_months: int
    largest_single: Decimal
    parties: list[Party]
    incident_serious: bool = False


class OrderIssued(_Order, frozen=True, kw_only=True):
    """alerts -> console. The bureau ordered the employer to pay within a term."""

    subject = "orders.issued"
    source = "alerts"


class OrderOverdue(_Order, frozen=True, kw_only=True):
    """alerts -> credit. The term ended at 24:00 and the wages are not paid.

    Figures are of what was still open then, worker by worker: what was paid within the term no longer counts.
    """

    subject = "orders.overdue"
    source = "alerts"
    overdue_at: datetime


class OrderPaid(_Order, frozen=True, kw_only=True):
    """alerts -> credit. Every worker on the order is paid, with proof."""

    subject = "orders.paid"
    source = "alerts"
    paid_on: date


class OrderRevoked(_Order, frozen=True, kw_only=True):
    """alerts -> credit. The order was annulled by law (Order 45, art. 16)."""

    subject = "orders.revoked"
    source = "alerts"
    revoked_on: date
    cause: str


class ListedParty(msgspec.Struct, frozen=True, kw_only=True):
    """A party on the list as the public may see it."""

    role: str
    name: str


class EmployerListed(Event, frozen=True, kw_only=True):
    """credit -> the world. A person decided: the employer is on the joint-discipline list. No worker, no wage."""

    subject = "credit.listed"
    source = "credit"
    listing_id: UUID
    sequence: int
    uscc: str
    subject_name: str
    parties: list[ListedParty]
    decision_no: str
    deciding_org: str
    cause: str
    basis: str
    listed_on: date
    expected_exit: date
    order_no: str
    signature: str


class EmployerRemoved(Event, frozen=True, kw_only=True):
    """credit -> the world. The employer left the list (expired, early, revoked)."""

    subject = "credit.removed"
    source = "credit"
    listing_id: UUID
    sequence: int
    uscc: str
    decision_no: str
    remove_type: Literal["expired", "early", "revoked"]
    removed_on: date


class IdentityRevoked(Event, frozen=True, kw_only=True):
    """issuer -> every service. A token, a client or a person is refused from now on."""

    subject = "identity.revoked"
    source = "issuer"
    kind: Literal["token", "client", "person"]
    value: str
    revoked_at: datetime
    until: datetime | None = None


class SigningKeysPublished(Event, frozen=True, kw_only=True):
    """issuer -> every service. The public keys (RFC 7517 JWK set) that access tokens are signed with from now on."""

    subject = "identity.keys"
    source = "issuer"
    jwks: dict[str, Any]


ALL: tuple[type[Event], ...] = (
    RecordsAccepted,
    EmployerScored,
    ProjectScored,
    AlertRaised,
    AlertFound,
    OrderIssued,
    OrderOverdue,
    OrderPaid,
    OrderRevoked,
    EmployerListed,
    EmployerRemoved,
    IdentityRevoked,
    SigningKeysPublished,
)
BY_TYPE: dict[str, type[Event]] = {event.type(): event for event in ALL}
