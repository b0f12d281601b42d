"""What is read of a part of the population is looked at while the next is read."""

import asyncio

import pytest

from services.scoring.live.gathering import _read_ahead


async def test_the_next_part_is_read_while_one_is_looked_at_and_never_more_than_that() -> None:
    seen: list[str] = []
    both = asyncio.Event()

    async def read(part: int) -> int:
        seen.append(f"read {part}")
        if part == 1:
            await asyncio.wait_for(both.wait(), 5)
        return part

    async def look(part: int) -> None:
        seen.append(f"look {part}")
        both.set()
        await asyncio.sleep(0)
        seen.append(f"seen {part}")

    await _read_ahead([0, 1, 2], read, look)
    assert [each for each in seen if each.startswith("read")] == ["read 0", "read 1", "read 2"]
    looks = [each for each in seen if not each.startswith("read")]
    assert looks == [f"{step} {part}" for part in range(3) for step in ("look", "seen")]
    assert seen.index("look 0") < seen.index("read 2")


async def test_a_look_that_fails_ends_the_reading_and_is_told() -> None:
    read: list[int] = []

    async def reading(part: int) -> int:
        read.append(part)
        await asyncio.sleep(0)
        return part

    async def failing(_part: int) -> None:
        raise ValueError("not this one")

    with pytest.raises(ExceptionGroup) as told:
        await _read_ahead(range(9), reading, failing)
    assert [str(each) for each in told.value.exceptions] == ["not this one"]
    assert len(read) < 9
