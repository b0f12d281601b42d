"""/v1/matching: questions about whose records these are, answers that are remembered, links that can be undone."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.ingest.matching_schemas import (
    AnswerIn,
    CandidateOut,
    ExampleOut,
    LinkOut,
    LinkPage,
    QuestionOut,
    QuestionPage,
    ReasonIn,
)
from services.ingest.models import Link
from services.ingest.routes.desk import DeskDep
from services.ingest.usecases import answers
from services.ingest.usecases.answers import Asked, Decision
from shared.auth import Caller, require
from shared.clock import now
from shared.db import Session, SessionDep
from shared.errors import Forbidden
from shared.ids import new_id

router = APIRouter(prefix="/v1/matching", tags=["matching"])

_reads, _decides = require("matching:read"), require("matching:decide")
Method = Literal["code", "regno", "organisation", "account", "name", "manual", "merger"]
Limit = Annotated[int, Query(ge=1, le=200)]


async def _a_person(caller: Annotated[Caller, Depends(_reads)]) -> Caller:
    return _must_be_a_person(caller)


async def _a_judge(caller: Annotated[Caller, Depends(_decides)]) -> Caller:
    return _must_be_a_person(caller)


def _must_be_a_person(caller: Caller) -> Caller:
    if caller.kind != "person":
        raise Forbidden(
            "Only a person answers whose records these are.", detail_zh="归属问题仅可由人员答复。", check="role"
        )
    return caller


Reader = Annotated[Caller, Depends(_a_person)]
Judge = Annotated[Caller, Depends(_a_judge)]


@router.get("/queue")
async def queue(
    *,
    reader: Reader,
    desk: DeskDep,
    session: SessionDep,
    dataset: Annotated[str | None, Query(max_length=64)] = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> QuestionPage:
    """Questions that records wait for, the oldest first, with candidates, scores and some of the records."""
    asked = await answers.questions(
        session, reader, desk.catalogue.datasets, dataset=dataset, after=after, limit=limit + 1
    )
    items = [_question(each) for each in asked[:limit]]
    return QuestionPage(items=items, next=items[-1].question_id if len(asked) > limit else None)


@router.post("/queue/{question_id}/link")
async def link(question_id: UUID, body: AnswerIn, judge: Judge, desk: DeskDep, session: SessionDep) -> LinkOut:
    """It is this employer: the records that wait go to him in the next seconds, and all later ones at once."""
    decision = Decision(judge, body.reason, now(), new_id())
    made = await answers.answer(session, question_id, body.subject_id, decision, desk.catalogue.datasets)
    return await _out(session, made)


@router.post("/queue/{question_id}/none")
async def none(question_id: UUID, body: ReasonIn, judge: Judge, desk: DeskDep, session: SessionDep) -> LinkOut:
    """It is nobody we know: nobody is asked again, and the records wait on."""
    decision = Decision(judge, body.reason, now(), new_id())
    made = await answers.answer(session, question_id, None, decision, desk.catalogue.datasets)
    return await _out(session, made)


@router.get("/links")
async def links(
    *,
    reader: Reader,
    session: SessionDep,
    subject: Annotated[str | None, Query(max_length=32)] = None,
    method: Method | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> LinkPage:
    """What leads to whom, the newest first: our own links, people's answers, mergers, and what was undone."""
    found = await answers.links(session, reader, subject=subject, method=method, after=after, limit=limit + 1)
    records = await answers.records_of(session, found[:limit])
    items = [_link_out(each, records.get(each.link_id, 0)) for each in found[:limit]]
    return LinkPage(items=items, next=items[-1].link_id if len(found) > limit else None)


@router.post("/links/{link_id}/undo")
async def undo(link_id: UUID, body: ReasonIn, judge: Judge, session: SessionDep) -> LinkOut:
    """The link is wrong: its records leave the subject, here and in every score, and wait again."""
    decision = Decision(judge, body.reason, now(), new_id())
    return await _out(session, await answers.undo(session, link_id, decision))


async def _out(session: Session, made: Link) -> LinkOut:
    return _link_out(made, (await answers.records_of(session, [made])).get(made.link_id, 0))


def _link_out(link: Link, records: int) -> LinkOut:
    told = link.model_dump(exclude={"since", "is_emptied"})
    return LinkOut.model_validate(told | {"records": records})


def _question(asked: Asked) -> QuestionOut:
    question = asked.question
    return QuestionOut(
        **question.model_dump(
            include={"question_id", "kind", "told", "division", "dataset", "agency", "asked_at", "best_score"}
        ),
        records=asked.records,
        candidates=[CandidateOut.model_validate(each) for each in question.candidates],
        examples=[ExampleOut.model_validate(each | {"row": each["row_no"]}) for each in asked.examples],
    )
