"""The pieces of a large file as one file again, for readers that know nothing of a database."""

import asyncio
import io
from collections.abc import Awaitable, Callable

# Where it begins, and its bytes: the piece of a file in which the given byte lies.
Fetched = tuple[int, bytes]
Fetch = Callable[[int], Awaitable[Fetched]]
_FETCH_TIMEOUT_S = 120


class SealedFile(io.RawIOBase):
    """Read and sought in a thread of its own, while `loop` fetches: one piece is in memory at a time.

    Raises what `fetch` raises, and TimeoutError when the database does not answer.
    """

    def __init__(self, length: int, fetch: Fetch, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._length, self._fetch, self._loop = length, fetch, loop
        self._at = 0
        self._start, self._piece = 0, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go there; the piece that is at hand stays."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """What is left of the piece at hand, else of the next one; 0 at the end."""
        if self._at >= self._length:
            return 0
        if not self._start <= self._at < self._start + len(self._piece):
            self._piece = b""  # before the next comes: two would be in memory
            asked = asyncio.run_coroutine_threadsafe(_awaited(self._fetch, self._at), self._loop)
            self._start, self._piece = asked.result(_FETCH_TIMEOUT_S)
        place = self._at - self._start
        given = self._piece[place : place + len(buffer)]
        buffer[: len(given)] = given
        self._at += len(given)
        return len(given)


async def _awaited(fetch: Fetch, byte: int) -> Fetched:
    return await fetch(byte)
