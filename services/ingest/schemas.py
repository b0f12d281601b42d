"""Answers of the ingest API: the public contract."""

from uuid import UUID

from pydantic import BaseModel, Field


class RowError(BaseModel):
    """What is wrong with a row: `row` counts the records of the data from 1; `item` is empty for the whole record."""

    row: int
    item: str
    code: str
    message: str
    message_zh: str


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
    signed: bool


class LabelOut(BaseModel):
    """A name in both languages."""

    zh: str
    en: str


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
    may_submit: bool = Field(description="whether this caller's token allows to send it")


class DatasetList(BaseModel):
    """Every dataset of the catalogue."""

    departments: int
    datasets: list[DatasetOut]
    items: int
