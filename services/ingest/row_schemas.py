"""Answers about one row of a receipt: the public contract."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.ingest.schemas import RowError


class SubjectOut(BaseModel):
    """Whose record it is. Persons and accounts by pseudonym."""

    kind: str
    id: str
    matched_by: str | None = Field(
        description="credit_code, credit_code_repaired, own_key; or the link: code, regno, organisation, account, "
        "name, manual, merger"
    )


class PresentOut(BaseModel):
    """The row that holds the newest state of the record."""

    receipt_id: UUID
    row: int


class RawFileOut(BaseModel):
    """The file that the row stands in. `store_only`: its purpose has ended, values are shown to auditors alone."""

    sha256: str
    state: Literal["in_use", "store_only", "past", "gone"]
    kept_years: int | None = Field(description="after the report; null: without an end")
    source: str = Field(description="why it is kept so long")


class RowOut(BaseModel):
    """A row as it was sent, and what became of it. Names, phones and numbers of persons and accounts are masked."""

    receipt_id: UUID
    row: int = Field(description="counts the records of the file from 1")
    agency: str
    dataset: str
    reported_at: datetime
    outcome: Literal["accepted", "unchanged", "superseded", "rejected", "unmatched", "withdrawn"] = Field(
        description="as it was taken in; withdrawn: its agency has taken it back since"
    )
    is_present: bool | None = Field(description="whether the record still stands as this row says; null: not known")
    present: PresentOut | None
    key: str | None = Field(description="the natural key; persons and accounts by pseudonym")
    subject: SubjectOut | None
    source_time: datetime | None
    record: dict[str, str | None] | None = Field(description="as it was written; null when the file shows no more")
    masked: list[str] = Field(description="items whose value is masked in `record`")
    errors: list[RowError]
    raw_file: RawFileOut


class UnmaskIn(BaseModel):
    """Which value, what for, and for which matter: all of it is put on record before the value is shown."""

    model_config = ConfigDict(extra="forbid")

    item: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    purpose: Literal["verification", "case", "payment", "court"]
    reference: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]{4,100}$")] = Field(
        description="number of the alert, case or order"
    )


class UnmaskedOut(BaseModel):
    """One value, as it was sent."""

    receipt_id: UUID
    row: int
    item: str
    value: str | None
