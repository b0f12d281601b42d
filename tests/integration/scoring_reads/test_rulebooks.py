"""Versions of the rules in the database: who stands behind them, what they would change, and which one counts."""

from services.scoring import books, usecases
from services.scoring.rulebook import shipped
from shared import clock
from shared.service import Runtime


async def test_the_release_brings_its_own_book_once_and_any_version_can_be_read_again(runtime: Runtime) -> None:
    for _ in range(2):
        async with runtime.db.transaction() as session:
            await usecases.register_shipped(session, clock.now())
    async with runtime.db.transaction() as session:
        assert await books.book_in_force(session, clock.today()) == shipped()
        assert await books.book_of(session, shipped().version) == shipped()
        assert await books.book_of(session, "2026.11-0000000000") is None
