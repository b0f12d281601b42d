"""Show what became of a submission."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

import polars as pl

from services.ingest.catalogue import Dataset
from services.ingest.models import Receipt
from services.ingest.store import faults as fault_store
from services.ingest.store import receipts as receipt_store
from services.ingest.store.receipts import NewReceipt
from services.ingest.validation import FAULTS, messages
from shared.db import Session
from shared.errors import NotFound

ERRORS_IN_ANSWER = 1000
ERRORS_A_PAGE = 10_000

_TOLD = {**FAULTS, "message": pl.String, "message_zh": pl.String}

Error = dict[str, str | int]


class Taken(NamedTuple):
    """A receipt, and its first errors."""

    receipt: Receipt | NewReceipt
    errors: list[Error]


async def receipt(session: Session, receipt_id: UUID, agency: str | None, datasets: Mapping[str, Dataset]) -> Taken:
    """A receipt of that agency (of any, when None) with its first errors; NotFound otherwise.

    Somebody else's receipt is not found, either: that it exists is nobody's business.
    """
    found = await receipt_alone(session, receipt_id, agency)
    page = await fault_store.faults(session, receipt_id, after=0, limit=ERRORS_IN_ANSWER, with_notes=False)
    return Taken(found, first_errors(page, datasets[found.dataset]))


async def receipt_alone(session: Session, receipt_id: UUID, agency: str | None) -> Receipt:
    """The same without its errors."""
    found = await receipt_store.receipt(session, receipt_id)
    if found is None or (agency is not None and found.agency != agency):
        raise NotFound(f"There is no receipt {receipt_id}.", detail_zh=f"没有回执 {receipt_id}。")
    return found


async def errors_page(session: Session, receipt_id: UUID, after: int, dataset: Dataset) -> tuple[pl.DataFrame, int]:
    """A page of all errors and notes after an id (row, item, code, message, message_zh), and the id it ends with."""
    page = await fault_store.faults(session, receipt_id, after, ERRORS_A_PAGE, with_notes=True)
    return told(page, dataset), page.item(-1, "id") if len(page) else after


def told(faults: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """Faults with their sentences: row, item, code, message, message_zh."""
    if faults.is_empty():
        return pl.DataFrame(schema=_TOLD)
    kinds = faults.select("item", "code").unique(maintain_order=True)
    sentences = [messages(dataset, name, code) for name, code in kinds.iter_rows()]
    named = kinds.with_columns(
        pl.Series("message", [english for english, _ in sentences], dtype=pl.String),
        pl.Series("message_zh", [chinese for _, chinese in sentences], dtype=pl.String),
    )
    joined = faults.join(named, on=["item", "code"], how="left", maintain_order="left")
    return joined.select("row", "item", "code", "message", "message_zh")


def first_errors(faults: pl.DataFrame, dataset: Dataset) -> list[Error]:
    """Faults as the answer tells them."""
    return told(faults, dataset).to_dicts()
