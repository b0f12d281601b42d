"""What proves a receipt: the receipt as a JWS, and the keys to verify it with."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from services.ingest import usecases
from services.ingest.routes.desk import AnyCaller, DeskDep
from services.ingest.routes.sight import whose
from services.ingest.schemas import ReceiptKeysOut
from services.ingest.usecases.proofs import Seal
from shared.db import SessionDep

router = APIRouter(tags=["proof"])

_JOSE = "application/jose"
_TOKEN: dict[int | str, dict[str, Any]] = {
    200: {"content": {_JOSE: {"schema": {"type": "string"}}}, "description": "A compact JWS (RFC 7515), ES256."}
}


async def _seal(desk: DeskDep) -> Seal:
    return Seal(desk.vault, desk.settings.receipt_key_period, desk.settings.agency_issuer)


SealDep = Annotated[Seal, Depends(_seal)]


@router.get("/v1/receipts/{receipt_id}/jws", response_class=Response, responses=_TOKEN)
async def receipt_jws(receipt_id: UUID, caller: AnyCaller, seal: SealDep, session: SessionDep) -> Response:
    """The receipt as a JWS that a stranger can verify, without us, years later. It never changes."""
    receipt = await usecases.receipt_alone(session, receipt_id, await whose(session, receipt_id, caller))
    token = await usecases.signed_receipt(session, receipt, seal, datetime.now(UTC))
    name = {"Content-Disposition": f'attachment; filename="{receipt_id}.jws"'}
    return Response(token, media_type=_JOSE, headers=name)


@router.get("/.well-known/receipt-keys")
async def receipt_keys(seal: SealDep, session: SessionDep, response: Response) -> ReceiptKeysOut:
    """Every public key that ever signed a receipt (a JWK set). Keep a copy: it is all that verifying takes."""
    response.headers["Cache-Control"] = "public, max-age=3600"
    return ReceiptKeysOut.model_validate(await usecases.receipt_keys(session, seal, datetime.now(UTC)))
