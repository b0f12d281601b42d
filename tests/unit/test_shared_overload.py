"""More requests than a service can hold are told to come back; those inside are served."""

import asyncio
from typing import cast

import httpx
from fastapi import APIRouter

from shared import http as shared_http
from shared.service import Runtime, Service, create_app
from tests.unit.test_shared_auth import SETTINGS, identities


async def test_beyond_the_most_at_once_a_request_is_a_problem_that_says_when_to_come_back() -> None:
    everyone, go, router = asyncio.Barrier(shared_http._MOST_AT_ONCE + 1), asyncio.Event(), APIRouter()

    @router.get("/wait")
    async def wait() -> str:
        if not go.is_set():
            await everyone.wait()
            await go.wait()
        return "served"

    app = create_app(
        Service("test", "A service for tests.", (router,)),
        Runtime(SETTINGS, cast("object", None), identities()),  # type: ignore[arg-type]
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://test") as client:
        inside = [asyncio.ensure_future(client.get("/wait")) for _ in range(shared_http._MOST_AT_ONCE)]
        await everyone.wait()
        refused = await client.get("/wait")
        go.set()
        served = await asyncio.gather(*inside)
        again = await client.get("/wait")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.headers["content-type"] == "application/problem+json"
    assert {answer.json() for answer in served} == {"served"}
    assert again.json() == "served"
