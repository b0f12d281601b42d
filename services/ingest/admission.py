"""Backpressure: how many submissions, and how many of their bytes, are here at once. Beyond it: later, please."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from shared.errors import Overloaded, TooManyRequests

_RETRY_AFTER_S = 2
# Room for bytes comes with the end of a file that is worked on, which takes longer.
_RETRY_LARGE_S = 10


class Gate:
    """Lets `concurrent` submissions work, `large` large ones among them, and `waiting` wait, each `patience_s` for its
    turn; all their bodies together stay below `bytes_in_flight`.

    No agency has more than `each` of the seats: who sends slowly, or all at once, keeps nobody else out.
    """

    def __init__(
        self,
        concurrent: int,
        waiting: int,
        bytes_in_flight: int,
        each: int,
        *,
        large: int | None = None,
        patience_s: float | None = None,
    ) -> None:
        self._places = asyncio.Semaphore(concurrent)
        self._large = asyncio.Semaphore(large or concurrent)
        self._patience_s = patience_s
        self._seats = concurrent + waiting
        self._room = bytes_in_flight
        self._each = each
        self._seated: Counter[str] = Counter()

    @asynccontextmanager
    async def entered(self, agency: str) -> AsyncIterator[None]:
        """A seat in the house. TooManyRequests (429): the agency has its share. Overloaded (503): all are taken."""
        if self._seated[agency] >= self._each:
            raise TooManyRequests(
                "Too many submissions of yours are waiting.",
                detail_zh="本机构排队中的报送过多，请稍后重试。",
                retry_after=_RETRY_AFTER_S,
            )
        if self._seated.total() >= self._seats:
            raise Overloaded(
                "Too many submissions are waiting.",
                detail_zh="排队中的报送过多，请稍后重试。",
                retry_after=_RETRY_AFTER_S,
            )
        self._seated[agency] += 1
        try:
            yield
        finally:
            self._seated[agency] -= 1
            self._seated += Counter()  # who has left is forgotten

    @asynccontextmanager
    async def working(self, *, is_large: bool = False) -> AsyncIterator[None]:
        """A place at the bench, in order of arrival. Overloaded (503) for whom none gets free in time."""
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._patience_s):
                    if is_large:
                        await held.enter_async_context(self._large)
                    await held.enter_async_context(self._places)
            except TimeoutError as error:
                raise Overloaded(
                    "The turn of this submission did not come.",
                    detail_zh="等候过久未能轮到，请稍后重试。",
                    retry_after=_RETRY_LARGE_S,
                ) from error
            yield

    def must_have_room(self, size: int) -> None:
        """Overloaded (503) when there is no room for so many bytes now: rather said before they are sent."""
        if size > self._room:
            raise Overloaded(
                "Too many bytes are in flight.",
                detail_zh="正在接收的数据过多，请稍后重试。",
                retry_after=_RETRY_LARGE_S,
            )

    def take(self, size: int) -> None:
        """Count bytes that have arrived; Overloaded when there is no room for them."""
        self.must_have_room(size)
        self._room -= size

    def give_back(self, size: int) -> None:
        """The bytes are gone."""
        self._room += size
