"""Take back rows of a receipt: what stood before them stands again, here and downstream."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.ingest.models import Receipt
from services.ingest.rules import ReasonMissing, row_ranges
from services.ingest.store import snapshots, unlearning, waiting
from services.ingest.store import withdrawals as store
from services.ingest.store.withdrawals import Withdrawal
from services.ingest.usecases.receipts import receipt_alone
from shared import audit
from shared.auth import Caller
from shared.db import Session
from shared.events import RecordsWithdrawn
from shared.outbox import announce


class Wish(NamedTuple):
    """What an agency wants to take back: rows as a text (`1-5,9`; None for all), and why."""

    receipt_id: UUID
    rows: str | None
    reason: str


class TakenBack(NamedTuple):
    """A receipt, how many of its rows were taken back, and each time that some were."""

    receipt: Receipt
    rows: int
    withdrawals: list[Withdrawal]


async def withdraw(session: Session, wish: Wish, agency: Caller, withdrawal_id: UUID, at: datetime) -> TakenBack:
    """Take rows back. Those that were taken back before stay so; NotFound where the receipt is another's."""
    if not wish.reason.strip():
        raise ReasonMissing
    receipt = await receipt_alone(session, wish.receipt_id, agency.id)
    agency.must_have(f"ingest:{receipt.dataset}")
    # What stands again depends on what else is handed in or taken back of the register: nobody comes between.
    await snapshots.alone(session, receipt.dataset)
    last = await store.last_row(session, receipt.receipt_id, receipt.received)
    fresh = await store.still_there(session, receipt.receipt_id, row_ranges(wish.rows, last))
    if fresh:
        withdrawal = Withdrawal(withdrawal_id, receipt.receipt_id, fresh, wish.reason.strip(), agency.id, at)
        hidden = await waiting.hidden_behind(session, receipt.receipt_id, fresh)
        taught = await unlearning.teachers(session, receipt.receipt_id, fresh)
        await store.let_stand_again(session, receipt.receipt_id, fresh)
        await waiting.wait_again(session, hidden)
        await unlearning.unlearn(session, taught, at)
        await store.keep_withdrawal(session, withdrawal)
        who, which = f"agency:{agency.id}", str(receipt.receipt_id)
        await audit.record(session, who, "receipt.withdrawn", which, {"rows": fresh})
        announce(session, withdrawn(receipt, withdrawal))
    return await taken_back(session, receipt)


async def taken_back(session: Session, receipt: Receipt) -> TakenBack:
    """What was taken back of a receipt so far."""
    rows = await store.withdrawn_rows(session, receipt.receipt_id)
    return TakenBack(receipt, rows, await store.withdrawals(session, receipt.receipt_id))


def withdrawn(receipt: Receipt, withdrawal: Withdrawal) -> RecordsWithdrawn:
    """The event. The reason stays here: a person wrote it, and may have named another."""
    return RecordsWithdrawn(
        withdrawal_id=withdrawal.withdrawal_id,
        receipt_id=withdrawal.receipt_id,
        agency=receipt.agency,
        dataset=receipt.dataset,
        first_rows=[first for first, _ in withdrawal.rows],
        last_rows=[last for _, last in withdrawal.rows],
        withdrawn_at=withdrawal.withdrawn_at,
    )
