"""Tell a record's source that it is wrong; answer that it was corrected, or that it stands (数据校核, Decree 809)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.ingest.catalogue import Dataset
from services.ingest.feeds.numbers import value
from services.ingest.models import Dispute, Receipt
from services.ingest.rules import DisputeAnswered, NotCorrected, ReasonMissing, RowNotInForce, must_be_anothers
from services.ingest.store import disputes as store
from services.ingest.store.disputes import DisputesWanted
from services.ingest.store.rows import present
from services.ingest.usecases.receipts import receipt_alone
from services.ingest.usecases.rows import Row
from shared import audit
from shared.auth import Caller
from shared.calendar import add_working_days
from shared.clock import local_date
from shared.db import Session
from shared.errors import Forbidden, NotFound, Unprocessable
from shared.events import RecordDisputeAnswered, RecordDisputed
from shared.outbox import announce

RAISE = "receipts:dispute"


@dataclass(frozen=True)
class Claim:
    """What is said to be wrong: a reason, and the item if it is one."""

    reason: str
    item: str | None = None


@dataclass(frozen=True)
class Answer:
    """What the source says: the record was corrected (by that receipt, or taken back), or it stands, and why."""

    outcome: Literal["corrected", "upheld"]
    reason: str | None = None
    receipt_id: UUID | None = None


async def disputable(session: Session, receipt_id: UUID, caller: Caller) -> Receipt:
    """The receipt, for one who uses its data. NotFound for agencies that do not; RecordIsOwn for its source."""
    if caller.kind == "person":
        caller.must_have(RAISE)
    receipt = await receipt_alone(session, receipt_id, None)
    must_be_anothers(receipt.agency, caller.id if caller.kind == "agency" else None)
    if caller.kind == "agency" and f"use:{receipt.dataset}" not in caller.scopes:
        raise NotFound(f"There is no receipt {receipt_id}.", detail_zh=f"没有回执 {receipt_id}。")
    return receipt


async def raise_dispute(
    session: Session, row: Row, dataset: Dataset, claim: Claim, caller: Caller, *, dispute_id: UUID, at: datetime
) -> tuple[Dispute, bool]:
    """Call a row wrong. Whoever has done so already gets that dispute again (and False).

    Raises ReasonMissing, Unprocessable (unknown item), RowNotInForce for a row that counts nowhere.
    """
    _must_make_sense(claim, dataset)
    by = (caller.kind, caller.id)
    if known := await store.open_dispute(session, row.receipt.receipt_id, row.number, by):
        return known, False
    if row.identified is None or not row.is_present:
        raise RowNotInForce(
            f"The row {row.number} does not stand as it was sent, or its file is gone.",
            detail_zh=f"第 {row.number} 行已非所报原状，或其文件已不再保存。",
        )
    raised = Dispute(
        dispute_id=dispute_id,
        receipt_id=row.receipt.receipt_id,
        row_no=row.number,
        dataset=dataset.dataset,
        agency=row.receipt.agency,
        key=UUID(row.identified.key_hash),
        row_hash=UUID(row.identified.row_hash),
        item=claim.item,
        reason=claim.reason.strip(),
        raised_by_kind=caller.kind,
        raised_by=caller.id,
        raised_at=at,
        due_on=add_working_days(local_date(at), value("dispute.answer")),
    )
    session.add(raised)
    details = {"receipt": str(raised.receipt_id), "row": raised.row_no, "item": raised.item}
    await audit.record(session, f"{caller.kind}:{caller.id}", "dispute.raised", str(dispute_id), details)
    announce(session, _disputed(raised, row.identified.key))
    return raised, True


def _disputed(raised: Dispute, key: str) -> RecordDisputed:
    about = raised.model_dump(
        include={"dispute_id", "receipt_id", "dataset", "agency", "item", "raised_by_kind", "raised_at", "due_on"}
    )
    return RecordDisputed(**about, row=raised.row_no, key=key)


def _must_make_sense(claim: Claim, dataset: Dataset) -> None:
    if not claim.reason.strip():
        raise ReasonMissing
    if claim.item is not None and claim.item not in dataset.by_name:
        raise Unprocessable(
            f"{dataset.dataset} has no item {claim.item[:64]!r}.",
            detail_zh=f"{dataset.dataset} 没有数据项 {claim.item[:64]!r}。",
        )


async def answer_dispute(session: Session, dispute_id: UUID, answer: Answer, agency: Caller, at: datetime) -> Dispute:
    """The source's answer, which is final. Raises NotFound, DisputeAnswered, NotCorrected, ReasonMissing."""
    found = await store.dispute(session, dispute_id, for_update=True)
    if found is None or found.agency != agency.id:
        raise NotFound(f"There is no dispute {dispute_id} to answer.", detail_zh=f"没有待答复的校核申请 {dispute_id}。")
    agency.must_have(f"ingest:{found.dataset}")
    if found.state != "open":
        raise DisputeAnswered(f"The dispute is {found.state}.", detail_zh=f"该校核申请的状态为 {found.state}。")
    reason = (answer.reason or "").strip() or None
    if answer.outcome == "corrected":
        await _must_be_corrected(session, found, answer.receipt_id)
    elif reason is None:
        raise ReasonMissing
    found.state, found.answer, found.corrected_by = answer.outcome, reason, answer.receipt_id
    found.answered_by, found.answered_at = agency.id, at
    session.add(found)
    details = {"outcome": answer.outcome, "receipt": str(answer.receipt_id) if answer.receipt_id else None}
    await audit.record(session, f"agency:{agency.id}", "dispute.answered", str(dispute_id), details)
    announce(session, _answered(found, answer, at))
    return found


def _answered(found: Dispute, answer: Answer, at: datetime) -> RecordDisputeAnswered:
    return RecordDisputeAnswered(
        dispute_id=found.dispute_id,
        agency=found.agency,
        dataset=found.dataset,
        outcome=answer.outcome,
        corrected_by=answer.receipt_id,
        answered_at=at,
    )


async def _must_be_corrected(session: Session, dispute: Dispute, receipt_id: UUID | None) -> None:
    """What is called corrected must not stand any more; a receipt that is named must be later, and of the dataset."""
    now = await present(session, dispute.key.hex)
    if now and now.row_hash == dispute.row_hash.hex:
        raise NotCorrected(
            "The record still stands as it was called wrong: send the correction, or take the row back.",
            detail_zh="该记录仍为被指有误的原状，请报送更正或撤回该行。",
        )
    if receipt_id is None:
        return
    first, later = [await receipt_alone(session, each, dispute.agency) for each in (dispute.receipt_id, receipt_id)]
    if later.dataset != dispute.dataset or later.reported_at <= first.reported_at:
        raise NotCorrected(
            f"The receipt {receipt_id} is no later one of {dispute.dataset}.",
            detail_zh=f"回执 {receipt_id} 不是 {dispute.dataset} 此后的报送。",
        )


async def dispute_seen(session: Session, dispute_id: UUID, caller: Caller) -> Dispute:
    """A dispute, for its source, for who raised it, and for people who may read quality. NotFound for others."""
    found = await store.dispute(session, dispute_id)
    if found is None or not _may_see(found, caller):
        raise NotFound(f"There is no dispute {dispute_id}.", detail_zh=f"没有校核申请 {dispute_id}。")
    await _on_record(session, caller, str(dispute_id))
    return found


def _may_see(dispute: Dispute, caller: Caller) -> bool:
    is_source = caller.kind == "agency" and dispute.agency == caller.id
    is_reader = caller.kind == "person" and "quality:read" in caller.scopes
    return is_source or is_reader or _is_own(dispute, caller)


def _is_own(dispute: Dispute, caller: Caller) -> bool:
    return (dispute.raised_by_kind, dispute.raised_by) == (caller.kind, caller.id)


async def disputes_seen(session: Session, wanted: DisputesWanted, caller: Caller, limit: int) -> Sequence[Dispute]:
    """Those of the wanted disputes that the caller may see. Forbidden for a person with neither scope."""
    if caller.kind == "agency":
        wanted = wanted._replace(agency=caller.id)
    elif "quality:read" not in caller.scopes:
        if RAISE not in caller.scopes:
            raise Forbidden(
                "The token lacks the scope quality:read.",
                detail_zh="令牌缺少权限 quality:read。",
                check="scope_missing",
            )
        wanted = wanted._replace(person=caller.id)
    await _on_record(session, caller, "")
    return await store.disputes(session, wanted, limit)


async def _on_record(session: Session, caller: Caller, subject: str) -> None:
    if caller.kind == "person":
        await audit.record(session, f"person:{caller.id}", "disputes.read", subject, {})
