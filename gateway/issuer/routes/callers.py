"""Who may do what only people do."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends

from shared.auth import Caller, require
from shared.errors import Forbidden


def person_with(scope: str) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency: a person with that scope. An agency does none of it, whatever its token carries."""

    async def person(caller: Annotated[Caller, Depends(require(scope))]) -> Caller:
        if caller.kind != "person":
            raise Forbidden("This is for people who have logged in.", detail_zh="仅限已登录的人员使用。", check="role")
        return caller

    return person
