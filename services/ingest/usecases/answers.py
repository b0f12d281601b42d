"""What people say of whose records these are: read the questions, answer, take an answer or a link back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import polars as pl

from services.ingest.catalogue import Dataset
from services.ingest.models import Link, Question
from services.ingest.store import links as link_store
from services.ingest.store import questions as question_store
from services.ingest.validation.identifiers import credit_codes
from shared import audit
from shared.auth import Caller
from shared.db import Session
from shared.errors import Conflict, NotFound, Unprocessable

EXAMPLES = 3
_BEGINNING = UUID(int=0)
_DISTRICT = 6
_HIDDEN = "***"


class QuestionAnswered(Conflict):
    """The question has its answer already."""

    slug = "question-answered"
    title = "The question is answered already; undo its link to answer anew"
    title_zh = "该问题已有答复，如需更正请先撤销对应的关联"


class LinkUndone(Conflict):
    """The link was undone before."""

    slug = "link-undone"
    title = "The link has been undone already"
    title_zh = "该关联已被撤销"


class NoCreditCode(Unprocessable):
    """What was given is no valid credit code."""

    slug = "no-credit-code"
    title = "This is no valid unified social credit code"
    title_zh = "统一社会信用代码无效"


class Asked(NamedTuple):
    """A question, how many records wait for its answer, and some of them (receipt_id, row_no, source_time, record)."""

    question: Question
    records: int
    examples: list[dict[str, Any]]


@dataclass(frozen=True)
class Decision:
    """Who says what, when and why."""

    who: Caller
    reason: str
    at: datetime
    new_id: UUID


async def questions(
    session: Session,
    reader: Caller,
    book: Mapping[str, Dataset],
    *,
    dataset: str | None,
    after: UUID | None,
    limit: int,
) -> list[Asked]:
    """Questions that records of the reader's district wait for, the oldest first. That he looked is recorded."""
    ids = await question_store.open_questions(session, _district(reader), dataset, after, limit)
    waiting = await question_store.waiting_for(session, ids)
    await audit.record(session, f"person:{reader.id}", "matching.queue.read", dataset or "*", {"questions": len(ids)})
    found = []
    for question in await question_store.questions(session, ids):
        examples = await question_store.examples(session, question.question_id, EXAMPLES)
        shown = [each | {"record": _masked(each["record"], book.get(question.dataset))} for each in examples]
        records = waiting[question.question_id].records if question.question_id in waiting else 0
        found.append(Asked(question, records, shown))
    return found


def _masked(record: Mapping[str, Any], dataset: Dataset | None) -> dict[str, Any]:
    """A record without free text, in which anybody may be named, and with hidden numbers of persons and accounts."""
    items = dataset.items if dataset else ()
    return {
        item.item: _HIDDEN if item.sensitivity == "P3" and record.get(item.item) else record.get(item.item)
        for item in items
        if item.item in record and item.kind != "text"
    }


def _district(person: Caller) -> str:
    """The district that a person answers for; nobody's when he has no division."""
    return (person.division or "-")[:_DISTRICT]


async def answer(
    session: Session, question_id: UUID, told: str | None, decision: Decision, book: Mapping[str, Dataset]
) -> Link:
    """Answer a question: all its records, and all later ones, are this subject's, or nobody's that we know (None).

    Raises NotFound (also outside the person's district), QuestionAnswered, NoCreditCode.
    """
    question = await question_store.question_for_update(session, question_id)
    if question is None or question.division not in ("", _district(decision.who)):
        raise NotFound(f"There is no question {question_id}.", detail_zh=f"没有归属问题 {question_id}。")
    if question.state != "open":
        raise QuestionAnswered
    subject_id = _proven(told, book.get(question.dataset)) if told else None
    link = _link(question, subject_id, decision)
    link.since = await question_store.newest_of(session, question_id)
    session.add(link)
    question.state = "linked" if subject_id else "none"
    question.due_after = _BEGINNING if subject_id else None
    await _note(session, decision, "matching.linked" if subject_id else "matching.none", link)
    return link


def _proven(subject_id: str, dataset: Dataset | None) -> str:
    """The code as it is kept, of an employer's dataset proven; raises NoCreditCode."""
    if dataset is None or dataset.subject.kind != "employer":
        return subject_id
    code = credit_codes(pl.Series([subject_id])).values.item()
    if code is None:
        raise NoCreditCode(
            f"{subject_id} is no valid credit code.", detail_zh=f"{subject_id} 不是有效的统一社会信用代码。"
        )
    return str(code)


def _link(question: Question, subject_id: str | None, decision: Decision) -> Link:
    return Link(
        link_id=decision.new_id,
        method="manual",
        kind=question.kind,
        scope=question.scope,
        value=question.value,
        division=question.division,
        subject_id=subject_id,
        made_at=decision.at,
        made_by=decision.who.id,
        reason=decision.reason,
        is_emptied=False,
    )


async def undo(session: Session, link_id: UUID, decision: Decision) -> Link:
    """Undo a link: its records leave the subject and wait again; no link of ours leads there again by the same clue."""
    link = await link_store.link_for_update(session, link_id)
    if link is None or link.division not in ("", _district(decision.who)):
        raise NotFound(f"There is no link {link_id}.", detail_zh=f"没有归属关系 {link_id}。")
    if link.undone_at is not None:
        raise LinkUndone
    link.undone_at, link.undone_by, link.undo_reason = decision.at, decision.who.id, decision.reason
    question = await question_store.question_of(session, link.kind, link.scope, link.value, link.division)
    if question is not None and link.method == "manual":
        question.state, question.due_after = "open", _BEGINNING
    await _note(session, decision, "matching.undone", link)
    return link


async def links(
    session: Session, reader: Caller, *, subject: str | None, method: str | None, after: UUID | None, limit: int
) -> Sequence[Link]:
    """Links, the newest first. That he looked is recorded."""
    await audit.record(session, f"person:{reader.id}", "matching.links.read", subject or "*", {"method": method})
    return await link_store.links_page(
        session, _district(reader), subject=subject, method=method, after=after, limit=limit
    )


async def records_of(session: Session, links: Sequence[Link]) -> dict[UUID, int]:
    """How many records each link holds at its subject."""
    return await link_store.records_of(session, [link.link_id for link in links])


async def _note(session: Session, decision: Decision, action: str, link: Link) -> None:
    await session.flush()
    details = {"subject_id": link.subject_id, "method": link.method, "kind": link.kind}
    await audit.record(session, f"person:{decision.who.id}", action, str(link.link_id), details)
