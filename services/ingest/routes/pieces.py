"""How the bytes of a large file come in: cut into pieces, sealed, each durable before the next; bounded in memory."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi import Request
from starlette.requests import ClientDisconnect

from services.ingest import tus
from services.ingest.codecs import BadFile, BodyTooSlow, FileTooLarge, too_large
from services.ingest.models import Import
from services.ingest.pieces import PIECE_BYTES, seal_piece
from services.ingest.routes.desk import Desk
from services.ingest.settings import IngestSettings
from services.ingest.usecases import uploads
from shared.db import Database


@dataclass
class Arrival:
    """The bytes of one PATCH. `pile`: what has come and is not kept yet, counted at the gate."""

    upload: Import
    checksum: tus.Checksum | None
    desk: Desk
    db: Database
    pile: bytearray = field(default_factory=bytearray)

    async def receive(self, request: Request) -> None:
        """Keep the body, beginning at the upload's offset.

        Raises FileTooLarge (more than the file was to have, or too much for one checksum), ChecksumMismatch,
        OffsetConflict, Overloaded, BodyTooSlow, or BadFile when the client went away.
        """
        most = self._most()
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > most:
            raise _too_much(most)
        try:
            await self._read(request, most)
            if self.checksum is not None:
                await asyncio.to_thread(self.checksum.must_fit, bytes(self.pile))
            await self._keep_all()
        finally:
            self._drop(len(self.pile))

    def _most(self) -> int:
        """What is missing; with a checksum no more than may wait in memory until it is proven."""
        missing = self.upload.length - self.upload.arrived
        return missing if self.checksum is None else min(missing, self.desk.settings.max_body_bytes)

    async def _read(self, request: Request, most: int) -> None:
        try:
            came = 0
            async for part in _in_time(request.stream(), self.desk.settings):
                came += len(part)
                if came > most:
                    raise _too_much(most)
                self.desk.gate.take(len(part))
                self.pile += part
                while self.checksum is None and len(self.pile) >= PIECE_BYTES:
                    await self._keep_one()
        except (ClientDisconnect, TimeoutError) as error:
            if self.checksum is None:
                await self._keep_all()
            if isinstance(error, TimeoutError):
                told = "The bytes came too slowly; go on from the offset that HEAD tells."
                raise BodyTooSlow(told, detail_zh="传输过慢；请用 HEAD 查询已到的位置后继续。") from error
            raise BadFile(
                "The connection ended before the body did.", detail_zh="请求体尚未传完，连接已中断。"
            ) from error

    async def _keep_all(self) -> None:
        while self.pile:
            await self._keep_one()

    async def _keep_one(self) -> None:
        """Seal the next piece and commit it; the upload has then arrived that much further."""
        upload, clear = self.upload, bytes(self.pile[:PIECE_BYTES])
        place = (upload.file_key, upload.import_id, upload.arrived)
        piece = await asyncio.to_thread(seal_piece, self.desk.vault, *place, clear)
        async with self.db.transaction() as session:
            await uploads.keep_piece(session, upload, piece, self.desk.settings.import_keep_s)
        upload.arrived += len(clear)
        self._drop(len(clear))

    def _drop(self, size: int) -> None:
        del self.pile[:size]
        self.desk.gate.give_back(size)


async def _in_time(parts: AsyncIterator[bytes], limits: IngestSettings) -> AsyncIterator[bytes]:
    """The parts of a body as they come. Each byte buys a little time: who is slow gets through, who trickles is let go.

    Raises TimeoutError. Only waiting for the client counts.
    """
    clock, left = asyncio.get_running_loop().time, limits.body_timeout_s
    while True:
        began = clock()
        async with asyncio.timeout(left):
            part = await anext(parts, None)
        if part is None:
            return
        earned = len(part) / limits.slowest_bytes_per_s - (clock() - began)
        left = min(limits.body_timeout_s, left + earned)
        yield part


def _too_much(most: int) -> FileTooLarge:
    return too_large(f"No more than {most} bytes can be taken here.", f"此处至多接收 {most} 字节。")
