"""Passwords (Argon2id, RFC 9106). Hashing is slow on purpose, so it runs beside the event loop, two at once."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_HASHER = PasswordHasher()
ROOM = asyncio.Semaphore(2)


async def is_right(password: str, stored: str | None) -> bool:
    """Whether this is the password behind the hash; False, as slowly, without a hash."""
    async with ROOM:
        # Asked for whoever it is: the first answer takes longer for everybody, no answer for nobody.
        nobodys = await asyncio.to_thread(_nobodys)
        matches = await asyncio.to_thread(_matches, password, stored or nobodys)
    return matches and stored is not None


async def hashed(password: str) -> str:
    """The text to keep."""
    async with ROOM:
        return await asyncio.to_thread(_HASHER.hash, password)


@cache
def _nobodys() -> str:
    """Compared with when nobody of that name exists, so that an answer takes as long as any other."""
    return _HASHER.hash("nobody has this password")


def _matches(password: str, stored: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False
