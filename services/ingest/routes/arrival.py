"""How a body comes in: bounded in size, time and number, and only then brought before the database."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Annotated, NamedTuple, Self

from fastapi import Depends, Header, Request
from starlette.requests import ClientDisconnect

from services.ingest.admission import Gate
from services.ingest.codecs import (
    BadFile,
    BodyTooSlow,
    FileTooLarge,
    may_be_read_together,
    must_be_readable,
    must_be_unpackable,
    too_large,
)
from services.ingest.routes.desk import Desk, DeskDep, Submitter
from services.ingest.routes.signing import proven
from services.ingest.routes.statements import WhatIsSaid
from services.ingest.rules import idempotency_key
from services.ingest.settings import IngestSettings
from services.ingest.usecases import Proof, Said, Submission
from services.ingest.usecases.measuring import noting_refusals
from shared.auth import Caller
from shared.clock import now
from shared.ids import new_id

# How much larger than what was sent a packed file may well be.
_PACKED = 64


@dataclass(frozen=True)
class Arrival:
    """A submission that has come in whole. `is_small`: it may go together with others.

    `alone`: the place at the bench that it needs otherwise; whoever is not small has it already.
    """

    submission: Submission
    is_small: bool
    alone: AbstractAsyncContextManager[None]


class Words(NamedTuple):
    """What the request's headers say of the file."""

    content_type: str
    content_encoding: str
    idempotency: str | None

    @classmethod
    def of(cls, request: Request) -> Self:
        """As the request has them."""
        headers = request.headers
        return cls(headers.get("content-type", ""), headers.get("content-encoding", ""), headers.get("idempotency-key"))


async def _arrival(
    request: Request,
    *,
    dataset: str,
    agency: Submitter,
    desk: DeskDep,
    said: WhatIsSaid,
    content_type: Annotated[str, Header()] = "",
    content_encoding: Annotated[str, Header()] = "",
    idempotency: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
) -> AsyncIterator[Arrival]:
    words = Words(content_type, content_encoding, idempotency)
    async with arrival(request, (dataset, agency), desk, words, said) as arrived:
        yield arrived


@asynccontextmanager
async def arrival(
    request: Request, feed: tuple[str, Caller], desk: Desk, words: Words, said: Said
) -> AsyncIterator[Arrival]:
    """The submission to a dataset by an agency, as long as the request holds its place."""
    (dataset, agency), (content_type, content_encoding, idempotency) = feed, words
    db = request.app.state.runtime.db
    key = idempotency_key(idempotency)
    must_be_readable(content_type)
    packing = must_be_unpackable(content_encoding)
    is_small = packing == "identity" and may_be_read_together(content_type) and _is_small(request, desk)
    gate = desk.small if is_small else desk.gate
    async with gate.entered(agency.id), noting_refusals(db, (dataset, agency.id), now):
        sent = await _body(request, desk.settings, gate)
        try:
            is_large = len(sent) * (1 if packing == "identity" else _PACKED) >= desk.settings.large_bytes
            async with nullcontext() if is_small else gate.working(is_large=is_large):
                evidence = await proven(request, agency, sent, desk.settings.agency_issuer)
                proof = Proof(evidence, None if packing == "identity" else sent) if evidence else None
                handed_in = (new_id(), agency.id, sent, content_type, key, now(), proof, said)
                submission = Submission(*handed_in, packing, desk.settings.max_file_bytes)
                alone = desk.gate.working() if is_small else nullcontext()
                yield Arrival(submission, is_small and submission.is_plain, alone)
        finally:
            gate.give_back(len(sent))


def _is_small(request: Request, desk: Desk) -> bool:
    announced = request.headers.get("content-length", "")
    return announced.isdigit() and int(announced) <= desk.settings.max_small_bytes


async def _body(request: Request, settings: IngestSettings, gate: Gate) -> bytes:
    """The bytes as sent. Raises FileTooLarge, BodyTooSlow, Overloaded, or BadFile when the client went away."""
    limit = settings.max_body_bytes
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    gate.must_have_room(int(announced) if announced.isdigit() else 0)
    whole, size = io.BytesIO(), 0
    try:
        async with asyncio.timeout(settings.body_timeout_s):
            async for part in request.stream():
                gate.take(len(part))
                size += len(part)
                whole.write(part)
                if size > limit:
                    raise _too_large(limit)
    except BaseException as error:
        gate.give_back(size)
        raise _refusal(error, settings) from error
    # Not another copy: what a BytesIO holds is given out as it is.
    return whole.getvalue()


def _refusal(error: BaseException, settings: IngestSettings) -> BaseException:
    if isinstance(error, TimeoutError):
        return BodyTooSlow(
            f"The body did not arrive within {settings.body_timeout_s:g} seconds.",
            detail_zh=f"请求体未在 {settings.body_timeout_s:g} 秒内到达。",
        )
    if isinstance(error, ClientDisconnect):
        return BadFile("The connection ended before the body did.", detail_zh="请求体尚未传完，连接已中断。")
    return error


def _too_large(limit: int) -> FileTooLarge:
    return too_large(f"The body is larger than {limit} bytes.", f"请求体超过 {limit} 字节。")


# scope="function": the place is given back when the answer is ready, after the transaction has been committed.
Arrived = Annotated[Arrival, Depends(_arrival, scope="function")]
