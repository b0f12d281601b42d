"""Receive a large file piece by piece: begin, keep, hand over, withdraw."""

import asyncio
import io
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

from services.ingest import tus
from services.ingest.catalogue import Dataset
from services.ingest.codecs import too_large
from services.ingest.message_signatures import Evidence
from services.ingest.models import Import
from services.ingest.pieces import Fetched, Piece, SealedFile, new_file_key, open_piece
from services.ingest.rules import KeyReused, TooDeep
from services.ingest.store import imports as import_store
from services.ingest.usecases.full_lists import Sender
from services.ingest.usecases.proofs import evidence_as_text
from services.ingest.usecases.timeline import SAID_NOTHING, Said, must_be_sayable
from shared.crypto import Vault
from shared.db import Database, Session
from shared.errors import Conflict, NotFound, TooManyRequests
from shared.telemetry import current_traceparent

_COME_BACK_S = 60
_READ_AT_ONCE = 1024 * 1024


@dataclass(frozen=True)
class Allowance:
    """What an agency may have on its way: bytes of one file, files, bytes of all, and seconds without a byte."""

    file_bytes: int
    files: int
    bytes: int
    keep_s: float


@dataclass(frozen=True)
class Announced:
    """An upload as its agency announces it. `told` is the header Upload-Metadata as it came.

    `said`: as of a file in one request. `sha256`: of the file as it will be sent, `evidence`: the signature over that.
    """

    import_id: UUID
    agency: str
    dataset: str
    key: str | None
    told: str
    kind: tus.FileKind
    length: int
    at: datetime
    said: Said = SAID_NOTHING
    sha256: bytes | None = None
    evidence: Evidence | None = None

    @property
    def statement(self) -> dict[str, Any]:
        """What is said of the file, as the import keeps it."""
        stated = self.said.stated
        return {
            "corrects": self.said.corrects,
            "part_of": self.said.part_of,
            "as_of": stated.as_of if stated else None,
            "month": stated.month if stated else None,
            "announced_sha256": self.sha256,
        }


async def begin_upload(
    session: Session, announced: Announced, dataset: Dataset, vault: Vault, allowance: Allowance
) -> Import:
    """A new upload, or the one that the same Idempotency-Key led to.

    Raises KeyReused, TooLarge, TooManyRequests, or what refuses that which is said of the file (see `timeline`).
    """
    if announced.length > allowance.file_bytes:
        most = allowance.file_bytes
        raise too_large(f"A file may have {most} bytes.", f"文件不得超过 {most} 字节。")
    await import_store.hold_agency(session, announced.agency)
    await import_store.expire(session, announced.agency)
    if announced.key and (known := await import_store.by_key(session, announced.agency, announced.key)):
        return _the_same(known, announced)
    sender = Sender(announced.import_id, announced.agency, announced.at)
    await must_be_sayable(session, sender, dataset, announced.said)
    await _must_have_room(session, announced, allowance)
    return await import_store.begin(
        session,
        announced.import_id,
        allowance.keep_s,
        agency=announced.agency,
        dataset=announced.dataset,
        key=announced.key,
        metadata=announced.told,
        content_type=announced.kind.content_type,
        content_encoding=announced.kind.content_encoding,
        file_key=new_file_key(vault),
        length=announced.length,
        evidence=json.dumps(evidence_as_text(announced.evidence)) if announced.evidence else None,
        **announced.statement,
    )


def _the_same(known: Import, announced: Announced) -> Import:
    before, now = (known.dataset, known.length, known.told), (announced.dataset, announced.length, announced.told)
    if before != now or any(getattr(known, name) != value for name, value in announced.statement.items()):
        raise KeyReused(
            "The same Idempotency-Key came before with another file or dataset.",
            detail_zh="该幂等键此前已用于其他文件或数据集。",
        )
    return known


async def _must_have_room(session: Session, announced: Announced, allowance: Allowance) -> None:
    files, size = await import_store.open_of(session, announced.agency)
    if files >= allowance.files:
        raise TooManyRequests(
            f"{files} uploads of yours are open; finish one.",
            detail_zh=f"已有 {files} 个上传未完成，请先完成其中一个。",
            retry_after=_COME_BACK_S,
        )
    if size + announced.length > allowance.bytes:
        raise TooManyRequests(
            f"Your open uploads may have {allowance.bytes} bytes.",
            detail_zh=f"未完成的上传合计不得超过 {allowance.bytes} 字节。",
            retry_after=_COME_BACK_S,
        )


async def an_import(session: Session, import_id: UUID, agency: str) -> Import:
    """An agency's own import. Raises NotFound, also for somebody else's: that it exists is nobody's business."""
    found = await import_store.an_import(session, import_id)
    if found is None or found.agency != agency:
        raise NotFound(f"There is no import {import_id}.", detail_zh=f"没有上传任务 {import_id}。")
    return found


async def an_upload(session: Session, import_id: UUID, agency: str) -> Import:
    """The same, as long as its bytes are kept. Raises UploadGone."""
    found = await an_import(session, import_id, agency)
    if found.state in ("withdrawn", "expired"):
        raise tus.UploadGone(
            f"The upload was {found.state}.",
            detail_zh="该上传已过期。" if found.state == "expired" else "该上传已撤回。",
        )
    return found


async def keep_piece(session: Session, upload: Import, piece: Piece, keep_s: float) -> None:
    """Keep the next bytes; when this is committed they are durable. Raises OffsetConflict or UploadGone."""
    if not await import_store.append(session, upload.import_id, piece, keep_s):
        await import_store.expire(session, upload.agency)
        now = await an_upload(session, upload.import_id, upload.agency)
        raise tus.OffsetConflict(
            f"The upload has arrived up to byte {now.arrived}.",
            detail_zh=f"已到达第 {now.arrived} 字节，请从该处继续。",
            offset=now.arrived,
        )


async def hand_over(session: Session, import_id: UUID, reported_at: datetime) -> bool:
    """Let the workers have a file that has arrived whole."""
    return await import_store.complete(session, import_id, reported_at, current_traceparent())


async def expire_uploads(session: Session) -> None:
    """Forget what nobody has continued for too long."""
    await import_store.expire(session)


async def a_piece(session: Session, import_id: UUID, byte: int) -> Piece:
    """The piece of a file in which that byte lies. Raises NotFound when it is not kept any more."""
    found = await import_store.piece(session, import_id, byte)
    if found is None:
        raise NotFound(
            f"Import {import_id} has no piece with byte {byte}.",
            detail_zh=f"上传任务 {import_id} 没有第 {byte} 字节所在的分片。",
        )
    return found


def open_file(db: Database, vault: Vault, file: Import, seconds: float | None = None) -> BinaryIO:
    """The file as it was sent, to be read and sought in a thread; the running loop fetches, a piece at a time.

    Reading raises NotFound when the pieces are gone, and TooDeep when it has taken longer than `seconds`.
    """
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds if seconds else None

    async def fetch(byte: int) -> Fetched:
        if ends and loop.time() > ends:
            raise TooDeep(
                f"It could not be reached within {seconds:g} seconds: the file has {file.length} bytes.",
                detail_zh=f"未能在 {seconds:g} 秒内读到该行：文件有 {file.length} 字节。",
            )
        async with db.transaction() as session:
            piece = await a_piece(session, file.import_id, byte)
        return piece.first_byte, await asyncio.to_thread(open_piece, vault, file.file_key, file.import_id, piece)

    return io.BufferedReader(SealedFile(file.length, fetch, loop), _READ_AT_ONCE)


async def withdraw_upload(session: Session, upload: Import) -> None:
    """Forget an upload and its bytes. Raises Conflict when its records are being taken in, or were."""
    if not await import_store.withdraw(session, upload.import_id):
        raise Conflict(
            "Its records are being taken in, or were: an upload can be withdrawn before that only.",
            detail_zh="其记录正在入库或已入库，此后不能撤回上传。",
        )
