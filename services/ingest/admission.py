"""Backpressure: how many submissions, and how many of their bytes, are here at once. Beyond it: later, please."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from shared.errors import Overloaded, TooManyRequests

_RETRY_AFTER_S = 2


class Gate:
    """Lets `concurrent` submissions work and `waiting` wait; all their bodies together stay below `bytes_in_flight`.

    No agency has more than `each` of the seats: who sends slowly, or all at once, keeps nobody else out.
    """

    def __init__(self, concurrent: int, waiting: int, bytes_in_flight: int, each: int) -> None:
        self._places = asyncio.Semaphore(concurrent)
        self._seats = concurrent + waiting
        self._room = bytes_in_flight
        self._each = each
        self._seated: Counter[str] = Counter()

    @asynccontextmanager
    async def entered(self, agency: str) -> AsyncIterator[None]:
        """A seat in the house. TooManyRequests (429): the agency has its share. Overloaded (503): all are taken."""
        if self._seated[agency] >= self._each:
            raise TooManyRequests("Too many submissions of yours are waiting.", retry_after=_RETRY_AFTER_S)
        if self._seated.total() >= self._seats:
            raise Overloaded("Too many submissions are waiting.", retry_after=_RETRY_AFTER_S)
        self._seated[agency] += 1
        try:
            yield
        finally:
            self._seated[agency] -= 1
            self._seated += Counter()  # who has left is forgotten

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A place at the bench, in order of arrival."""
        async with self._places:
            yield

    def take(self, size: int) -> None:
        """Count bytes that have arrived; Overloaded when there is no room for them."""
        if size > self._room:
            raise Overloaded("Too many bytes are in flight.", retry_after=_RETRY_AFTER_S)
        self._room -= size

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Count bytes as long as they are held; Overloaded when there is no room for them."""
        self.take(size)
        try:
            yield
        finally:
            self.give_back(size)

    def give_back(self, size: int) -> None:
        """The bytes are gone."""
        self._room += size
