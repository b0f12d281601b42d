"""Backpressure: how many submissions, and how many of their bytes, are here at once. Beyond it: later, please."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.errors import Overloaded

_RETRY_AFTER_S = 2


class Gate:
    """Lets `concurrent` submissions work and `waiting` wait; all their bodies together stay below `bytes_in_flight`."""

    def __init__(self, concurrent: int, waiting: int, bytes_in_flight: int) -> None:
        self._places = asyncio.Semaphore(concurrent)
        self._seats = concurrent + waiting
        self._room = bytes_in_flight

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        """A seat in the house; Overloaded (503, Retry-After) when all are taken."""
        if self._seats <= 0:
            raise Overloaded("Too many submissions are waiting.", retry_after=_RETRY_AFTER_S)
        self._seats -= 1
        try:
            yield
        finally:
            self._seats += 1

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

    def give_back(self, size: int) -> None:
        """The bytes are gone."""
        self._room += size
