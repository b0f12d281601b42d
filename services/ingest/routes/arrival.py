"""How a body comes in: bounded in size, time and number, unpacked, and only then brought before the database."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Header, Request
from starlette.requests import ClientDisconnect

from services.ingest.codecs import BadFile, BodyTooSlow, FileTooLarge, inflated, must_be_readable
from services.ingest.routes.desk import Desk, DeskDep, Submitter
from services.ingest.routes.signing import proven
from services.ingest.routes.statements import WhatIsSaid
from services.ingest.rules import idempotency_key
from services.ingest.usecases import Proof, Submission
from services.ingest.usecases.measuring import noting_refusals
from shared.clock import now
from shared.db import DatabaseDep
from shared.ids import new_id


async def _submission(
    request: Request,
    *,
    dataset: str,
    agency: Submitter,
    desk: DeskDep,
    db: DatabaseDep,
    said: WhatIsSaid,
    content_type: Annotated[str, Header()] = "",
    content_encoding: Annotated[str, Header()] = "",
    idempotency: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
) -> AsyncIterator[Submission]:
    """The submission, as long as the request holds its place."""
    key = idempotency_key(idempotency)
    must_be_readable(content_type)
    async with desk.gate.entered(agency.id):
        sent = await _body(request, desk)
        file = sent
        try:
            async with desk.gate.working(), noting_refusals(db, (dataset, agency.id), now()):
                evidence = await proven(request, agency, sent, desk.settings.agency_issuer)
                file = await asyncio.to_thread(inflated, sent, content_encoding, desk.settings.max_file_bytes)
                desk.gate.take(len(file))
                proof = Proof(evidence, sent if content_encoding else None) if evidence else None
                try:
                    yield Submission(new_id(), agency.id, file, content_type, key, now(), proof, said)
                finally:
                    desk.gate.give_back(len(file))
        finally:
            desk.gate.give_back(len(sent))


async def _body(request: Request, desk: Desk) -> bytes:
    """The bytes as sent. Raises FileTooLarge, BodyTooSlow, Overloaded, or BadFile when the client went away."""
    limit = desk.settings.max_body_bytes
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(desk.settings.body_timeout_s):
            async for part in request.stream():
                desk.gate.take(len(part))
                size += len(part)
                parts.append(part)
                if size > limit:
                    raise _too_large(limit)
    except BaseException as error:
        desk.gate.give_back(size)
        raise _refusal(error, desk) from error
    return b"".join(parts)


def _refusal(error: BaseException, desk: Desk) -> BaseException:
    if isinstance(error, TimeoutError):
        return BodyTooSlow(f"The body did not arrive within {desk.settings.body_timeout_s:g} seconds.")
    if isinstance(error, ClientDisconnect):
        return BadFile("The connection ended before the body did.")
    return error


def _too_large(limit: int) -> FileTooLarge:
    return FileTooLarge(f"The body is larger than {limit} bytes.", check="body_too_large")


# scope="function": the place is given back when the answer is ready, after the transaction has been committed.
Arrived = Annotated[Submission, Depends(_submission, scope="function")]
