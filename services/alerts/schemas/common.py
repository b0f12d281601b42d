"""Small things that every body is made of."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# PostgreSQL stores no NUL, and nobody needs the other control characters in a sentence.
_PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=_PRINTABLE)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_PRINTABLE)]
Money = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2, description="CNY")]
Town = Annotated[str, Field(pattern=r"^[0-9]{9}$", description="Nine-digit town code", examples=["330110005"])]
Uscc = Annotated[str, Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$", description="Unified social credit code (GB 32100)")]
Level = Literal["blue", "yellow", "orange", "red"]
DocumentKind = Literal[
    "bank_receipt", "signed_payroll", "worker_receipt", "photo", "video", "statement", "decision", "receipt", "other"
]


class Body(BaseModel):
    """A request body refuses what it does not know."""

    model_config = ConfigDict(extra="forbid")


class Document(Body):
    """A document or recording that proves a step: its kind, where it is kept, its hash."""

    kind: DocumentKind
    reference: Line = Field(description="Number or address under which it is kept")
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class Inspector(Body):
    """An inspector on site with his certificate (423 art. 16)."""

    login: Line
    certificate_no: Line


class Step(Body):
    """What every transition may carry: a reason, and documents."""

    reason: Text | None = None
    documents: list[Document] = Field(default=[], max_length=50)


class HistoryOut(BaseModel):
    """A step that was taken; `hash` covers the entry and `previous_hash`."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    event: str
    before: str | None
    after: str
    stage: str
    actor: str
    actor_name: str | None
    at: datetime
    reason: str | None
    inputs: dict[str, Any]
    documents: list[dict[str, Any]]
    previous_hash: str
    hash: str
