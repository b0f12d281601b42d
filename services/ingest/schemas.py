"""Answers of the ingest API: the public contract."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, field_validator

# A citizen number or an account, however it is spaced.
_LONG_NUMBER = re.compile(r"(?:\d[\s-]*){15,}")


class RowError(BaseModel):
    """What is wrong with a row: `row` counts the records of the data from 1; `item` is empty for the whole record."""

    row: int
    item: str
    code: str
    message: str
    message_zh: str


class IdentityQuery(BaseModel):
    """Whose masked numbers are wanted."""

    pseudonyms: list[Annotated[str, Field(pattern="^[0-9a-f]{32}$")]] = Field(min_length=1, max_length=500)


class IdentityOut(BaseModel):
    """Who is behind a pseudonym."""

    pseudonym: str
    kind: str = Field(description="person or account")
    number: str = Field(description="Masked, or clear after unmasking", examples=["330110********1234"])


class UnmaskIn(BaseModel):
    """What the number is needed for. It is kept in the audit log, so it may not hold a number itself."""

    purpose: str = Field(min_length=4, max_length=200, examples=["现场核查 2026-10 工资"])

    @field_validator("purpose")
    @classmethod
    def _names_nobody(cls, purpose: str) -> str:
        if _LONG_NUMBER.search(purpose):
            raise ValueError("a purpose may not hold a citizen number or an account")
        return purpose.strip()


class ReceiptOut(BaseModel):
    """The receipt: received = accepted + unchanged + rejected + unmatched. `errors` holds the first 1,000."""

    receipt_id: UUID
    dataset: str
    received: int
    accepted: int = Field(description="new, or newer than what was known: durable and announced")
    unchanged: int = Field(description="known already, or older than what is known")
    rejected: int = Field(description="refused; see errors")
    unmatched: int = Field(description="good and kept; whose it is, is not known yet")
    errors: list[RowError]
    sha256: str = Field(description="of the file, before any Content-Encoding, in hex")
    signed: bool = Field(description="the sender's own HTTP message signature (RFC 9421) was there and held")


class LabelOut(BaseModel):
    """A name in both languages."""

    zh: str
    en: str


class CoreMetadata(BaseModel):
    """What the national catalogue asks of each resource (政务信息资源目录编制指南(试行) 2017)."""

    class_: str | None = Field(alias="class")
    code: str | None = Field(description="class, item, subject / serial; ours until the national catalogue gives one")
    abstract: LabelOut
    provider_code: str
    sharing_type: Literal["U", "C", "N"] = Field(description="U unconditional, C conditional, N not shared")
    sharing_condition: LabelOut
    sharing_method: str
    openness: Literal["U", "C", "N"] = Field(description="to the public")
    listed_on: date | None = Field(description="when its owner published it, where known")


class DatasetOut(BaseModel):
    """A dataset in the list."""

    dataset: str
    label: LabelOut
    department: str
    department_label: LabelOut
    measure: str
    cycle: str
    sharing: str
    legal_basis: str
    subject: str
    key: list[str]
    items: int
    version: str = Field(description="major.minor; the same major takes everything that it took before")
    until: date | None = Field(description="the last day on which it is taken; another version stands beside it")
    sensitivity: dict[str, int] = Field(description="items by class: P1, P2 (names, phones), P3 (numbers of persons)")
    formats: list[str]
    core: CoreMetadata
    may_submit: bool = Field(description="whether this caller's token allows to send it")


class DatasetList(BaseModel):
    """Every dataset of the catalogue."""

    departments: int
    datasets: list[DatasetOut]
    items: int


class ChangeOut(BaseModel):
    """One difference to the version before."""

    item: str = Field(description="empty for the dataset itself")
    kind: str
    compatible: bool
    message: str
    message_zh: str


class VersionOut(BaseModel):
    """A version of a dataset. A new major version is a dataset of its own name beside the old one."""

    dataset: str
    version: str
    published_on: date | None = Field(description="null: added on this platform and not published yet")
    until: date | None
    in_force: bool = Field(description="whether it is the newest of its dataset")
    changes: list[ChangeOut]


class VersionList(BaseModel):
    """The history of a dataset, the oldest version first."""

    dataset: str
    versions: list[VersionOut]


class ReceiptKeysOut(BaseModel):
    """RFC 7517: the public keys of receipts, oldest first. None ever goes."""

    keys: list[dict[str, Any]]


class WithdrawalIn(BaseModel):
    """Which rows are taken back, and why."""

    rows: str | None = Field(default=None, max_length=100_000, description="e.g. `3,7-12`; without it all rows")
    reason: str | None = Field(default=None, min_length=1, max_length=500, description="for those who look later")


class WithdrawalOut(BaseModel):
    """Rows (first and last, both included) that were taken back at once."""

    model_config = {"from_attributes": True}

    withdrawal_id: UUID
    rows: list[tuple[int, int]]
    reason: str
    withdrawn_at: datetime


class WithdrawalsOut(BaseModel):
    """What was taken back of a receipt: `withdrawn` of its `received` rows."""

    receipt_id: UUID
    dataset: str
    received: int
    withdrawn: int
    withdrawals: list[WithdrawalOut]


ImportState = Literal["receiving", "waiting", "reading", "storing", "done", "refused", "failed", "withdrawn", "expired"]


class ImportOut(BaseModel):
    """A large file on its way. The counts are those of the receipt, so far; `errors` holds the first 100."""

    import_id: UUID = Field(description="the receipt's id, too")
    dataset: str
    state: ImportState = Field(
        description="receiving bytes; waiting for a worker; reading it through; storing its records; done; "
        "refused whole (see problem); failed by our fault; withdrawn by you; expired unfinished"
    )
    length: int = Field(description="bytes the file has")
    arrived: int = Field(description="bytes that are here, and durable")
    rows_read: int = Field(description="records found in the file, so far while it is being read through")
    received: int = Field(description="records taken in so far")
    accepted: int
    unchanged: int
    rejected: int
    unmatched: int
    errors: list[RowError]
    problem: dict[str, Any] | None = Field(description="why the file was refused whole, as RFC 9457 has it")
    sha256: str | None = Field(description="of the file, before any encoding, in hex; once it was read through")
    receipt: str | None = Field(description="where the receipt is, when it is written")
    created_at: datetime
    expires_at: datetime | None = Field(description="when an unfinished upload is forgotten")
    reported_at: datetime | None = Field(description="when the last byte came: the records count from then")
    finished_at: datetime | None
    corrects: UUID | None = Field(description="the receipt that its rows take the place of")
    snapshot_id: UUID | None = Field(description="the full list that it is a part of, or all of: /v1/snapshots/{id}")
    snapshot_state: Literal["open", "held", "applied", "older", "discarded", "withdrawn"] | None = Field(
        description="how that list stands; a list of its own begins when the file was read through"
    )


class FullListIn(BaseModel):
    """What the list is about: all records of the dataset (of one month, where its key holds a month) at a moment."""

    as_of: AwareDatetime
    month: str | None = Field(default=None, description="e.g. 2026-10; needed where the key of the dataset has a month")


class CompleteIn(BaseModel):
    """How many rows all parts have together: so that none is lost on the way."""

    rows: int | None = Field(default=None, ge=0)


class ConfirmIn(BaseModel):
    """How many records end by the list, as its sender has seen."""

    missing: int = Field(ge=0)


class FullListOut(BaseModel):
    """A full list. `known`: open records of its register; `missing`: those it does not name; `ended`: by it."""

    snapshot_id: UUID
    dataset: str
    month: str | None
    as_of: datetime
    state: Literal["open", "held", "applied", "older", "discarded", "withdrawn"]
    held_because: Literal["empty", "unreadable_keys", "too_many_missing"] | None
    known: int
    missing: int
    ended: int
    opened_at: datetime
    settled_at: datetime | None


class FeatureLineage(BaseModel):
    """A figure that is made of the item."""

    code: str
    title: LabelOut


class IndicatorLineage(BaseModel):
    """A rule that compares or tells such a figure."""

    code: str
    title: LabelOut
    subject: str
    features: list[str]
    article: str


class ItemLineage(BaseModel):
    """An item: whose, by which law, and where it goes. Nothing under `features`: it is kept and checked, not scored."""

    dataset: str
    dataset_label: LabelOut
    item: str
    label: str
    owner: str = Field(description="code of the department")
    legal_basis: str
    sensitivity: Literal["P1", "P2", "P3"]
    roles: list[str] = Field(description="what it is in its record: key, subject, name, source_time")
    features: list[FeatureLineage]
    indicators: list[IndicatorLineage]
    used_by: list[str] = Field(description="addresses at which people see what became of it")


class LineageOut(BaseModel):
    """Items and where they go, by the rules that scoring announced last (null: it has not said anything yet)."""

    rulebook_version: str | None
    items: list[ItemLineage]
