"""Where a round is made ready for the database: what is little, where it is; what is much holds up nobody."""

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.ingest.usecases import together


@pytest.mark.parametrize(("size", "holds_up"), [(300, True), (64 * 1024, True), (64 * 1024 + 1, False)])
async def test_little_is_made_ready_where_it_is_and_much_in_a_thread(
    monkeypatch: pytest.MonkeyPatch, size: int, holds_up: bool
) -> None:
    where: list[threading.Thread] = []

    def prepared(*_given: object) -> str:
        where.append(threading.current_thread())
        return "ready"

    monkeypatch.setattr(together, "_prepared", prepared)
    half = SimpleNamespace(body=bytes(size // 2)), SimpleNamespace(body=bytes(size - size // 2))
    nobodys = cast("Any", None)
    ready: Any = await together._made_ready(cast("Any", half), nobodys, nobodys)
    assert ready == "ready"
    assert (where[0] is threading.current_thread()) is holds_up
