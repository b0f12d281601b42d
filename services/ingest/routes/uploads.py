"""Large files by the tus protocol: begin, ask how far it is, send the next bytes, withdraw."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response

from services.ingest import tus
from services.ingest.codecs import must_be_readable, must_be_unpackable, must_fit_the_disk
from services.ingest.models import Import
from services.ingest.routes.desk import AgencyCaller, Desk, DeskDep, Submitter
from services.ingest.routes.pieces import Arrival
from services.ingest.routes.signing import Announcement, announced
from services.ingest.routes.statements import WhatIsSaid
from services.ingest.rules import idempotency_key
from services.ingest.usecases import uploads
from shared.clock import now
from shared.db import DatabaseDep, SessionDep
from shared.errors import NotFound
from shared.http import PROBLEM_JSON
from shared.ids import new_id


def _refusal(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {PROBLEM_JSON: {"schema": schema}}}


_REFUSALS: dict[int | str, dict[str, Any]] = {
    410: _refusal("The upload has expired or was withdrawn"),
    412: _refusal("Tus-Resumable is not 1.0.0"),
    460: _refusal("The checksum does not fit the bytes"),
}
_BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {tus.PATCH_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
router = APIRouter(tags=["imports"], responses=_REFUSALS)


async def _version(tus_resumable: Annotated[str | None, Header()] = None) -> None:
    tus.must_speak(tus_resumable)


async def _upload(import_id: UUID, caller: AgencyCaller, db: DatabaseDep) -> Import:
    """The caller's upload as it is now; the connection is given back before any byte is read."""
    async with db.transaction() as session:
        found = await uploads.an_upload(session, import_id, caller.id)
    caller.must_have(f"ingest:{found.dataset}")
    return found


Spoken = Depends(_version)
Upload = Annotated[Import, Depends(_upload)]


@router.options("/v1/datasets/{dataset}/imports", status_code=204, response_class=Response)
async def tell_capabilities(dataset: str, _caller: AgencyCaller, desk: DeskDep) -> Response:
    """What the server offers of the protocol (no version is asked for)."""
    desk.checker(dataset)
    return Response(status_code=204, headers=tus.capabilities(desk.settings.max_import_bytes))


async def _announced(request: Request, agency: Submitter, desk: DeskDep) -> Announcement:
    return await announced(request, agency, desk.settings.agency_issuer)


@router.post("/v1/datasets/{dataset}/imports", status_code=201, response_class=Response, dependencies=[Spoken])
async def begin_upload(
    dataset: str,
    *,
    agency: Submitter,
    desk: DeskDep,
    session: SessionDep,
    said: WhatIsSaid,
    file: Annotated[Announcement, Depends(_announced)],
    upload_length: Annotated[str | None, Header()] = None,
    upload_defer_length: Annotated[str | None, Header()] = None,
    upload_metadata: Annotated[str, Header()] = "",
    idempotency: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
) -> Response:
    """Begin a file. `Upload-Metadata`: filetype, encoding, filename. The same Idempotency-Key leads to the same import.

    It can be a full list, a part of one, or a correction, as records in one request. `Repr-Digest`: what the whole
    file hashes to, as it is sent; otherwise it is refused. A signature (RFC 9421) over that is kept as evidence.

    201 with its address in `Location`, and how much of it is here already in `Upload-Offset`.
    """
    length = tus.length(upload_length, upload_defer_length)
    kind = tus.kind(tus.metadata(upload_metadata))
    must_be_readable(kind.content_type)
    must_be_unpackable(kind.content_encoding)
    must_fit_the_disk(kind.content_type, kind.content_encoding, length, desk.settings.max_import_spool_bytes)
    key = idempotency_key(idempotency)
    told = uploads.Announced(
        new_id(), agency.id, dataset, key, upload_metadata, kind, length, now(), said, file.sha256, file.evidence
    )
    begun = await uploads.begin_upload(session, told, desk.checker(dataset).dataset, desk.vault, allowance(desk))
    if not length:
        await uploads.hand_over(session, begun.import_id, now())
    return Response(status_code=201, headers={"Location": f"/v1/imports/{begun.import_id}", **_place(begun)})


@router.head("/v1/imports/{import_id}", response_class=Response, dependencies=[Spoken])
async def tell_offset(upload: Upload) -> Response:
    """How much of the file is here, and durable."""
    headers = {"Upload-Length": str(upload.length), "Cache-Control": "no-store", **_place(upload)}
    if upload.told:
        headers["Upload-Metadata"] = upload.told
    return Response(headers=headers)


@router.patch(
    "/v1/imports/{import_id}",
    status_code=204,
    response_class=Response,
    dependencies=[Spoken],
    openapi_extra=_BYTES,
)
async def append_bytes(
    request: Request,
    *,
    upload: Upload,
    desk: DeskDep,
    db: DatabaseDep,
    upload_offset: Annotated[str | None, Header()] = None,
    upload_checksum: Annotated[str | None, Header()] = None,
) -> Response:
    """The next bytes. What `Upload-Offset` answers is on the disk, whatever happens next.

    A connection that breaks keeps what came, unless `Upload-Checksum` was to prove all of it.
    """
    if request.headers.get("content-type", "") != tus.PATCH_TYPE:
        raise tus.WrongPatchType(
            f"A PATCH must be {tus.PATCH_TYPE}.", detail_zh=f"PATCH 的 Content-Type 须为 {tus.PATCH_TYPE}。"
        )
    offset, checksum = tus.number(upload_offset, "Upload-Offset"), tus.checksum(upload_checksum)
    if offset != upload.arrived:
        raise tus.OffsetConflict(
            f"The upload has arrived up to byte {upload.arrived}.",
            detail_zh=f"已到达第 {upload.arrived} 字节，请从该处继续。",
            offset=upload.arrived,
        )
    async with desk.gate.entered(upload.agency):
        await Arrival(upload, checksum, desk, db).receive(request)
    async with db.transaction() as session:
        await uploads.hand_over(session, upload.import_id, now())
        here = await uploads.an_upload(session, upload.import_id, upload.agency)
    return Response(status_code=204, headers=_place(here))


@router.delete("/v1/imports/{import_id}", status_code=204, response_class=Response, dependencies=[Spoken])
async def withdraw_upload(upload: Upload, session: SessionDep) -> Response:
    """Forget an upload and its bytes; 409 once its records are being taken in."""
    await uploads.withdraw_upload(session, upload)
    return Response(status_code=204)


@router.post("/v1/imports/{import_id}", include_in_schema=False)
async def instead(
    request: Request,
    *,
    upload: Upload,
    desk: DeskDep,
    db: DatabaseDep,
    method: Annotated[str, Header(alias="X-HTTP-Method-Override")] = "",
    upload_offset: Annotated[str | None, Header()] = None,
    upload_checksum: Annotated[str | None, Header()] = None,
    tus_resumable: Annotated[str | None, Header()] = None,
) -> Response:
    """PATCH and DELETE for clients that can only POST, as the protocol asks for."""
    tus.must_speak(tus_resumable)
    if method == "PATCH":
        return await append_bytes(
            request, upload=upload, desk=desk, db=db, upload_offset=upload_offset, upload_checksum=upload_checksum
        )
    if method == "DELETE":
        async with db.transaction() as session:
            return await withdraw_upload(upload, session)
    raise NotFound(
        "POST begins an upload at /v1/datasets/{dataset}/imports.",
        detail_zh="请用 POST /v1/datasets/{dataset}/imports 开始上传。",
    )


def allowance(desk: Desk) -> uploads.Allowance:
    """What every agency may have on its way."""
    limits = desk.settings
    return uploads.Allowance(
        limits.max_import_bytes, limits.max_open_imports, limits.max_open_import_bytes, limits.import_keep_s
    )


def _place(upload: Import) -> dict[str, str]:
    return tus.told(upload.arrived, upload.expires_at if upload.state == "receiving" else None)
