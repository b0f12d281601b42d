"""More than a service can hold, or a database that is away: told to come back, in the field's standard form."""

import asyncio
from typing import cast

import httpx
import pytest
from fastapi import APIRouter
from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared import http as shared_http
from shared.service import Runtime, Service, create_app
from tests.unit.test_shared_auth import SETTINGS, identities


def a_client(router: APIRouter) -> httpx.AsyncClient:
    runtime = Runtime(SETTINGS, cast("object", None), identities())  # type: ignore[arg-type]
    app = create_app(Service("test", "A service for tests.", (router,)), runtime)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://test")


async def test_beyond_the_most_at_once_a_request_is_a_problem_that_says_when_to_come_back() -> None:
    everyone, go, router = asyncio.Barrier(shared_http._MOST_AT_ONCE + 1), asyncio.Event(), APIRouter()

    @router.get("/wait")
    async def wait() -> str:
        if not go.is_set():
            await everyone.wait()
            await go.wait()
        return "served"

    async with a_client(router) as client:
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


@pytest.mark.parametrize(
    "absence",
    [
        OperationalError("select 1", {}, ConnectionError("the server closed the connection")),
        OperationalError("update head", {}, DeadlockDetected()),
        PoolTimeout("the pool is taken"),
    ],
    ids=["away", "deadlock", "pool"],
)
async def test_what_the_database_could_not_keep_may_be_sent_again(absence: Exception) -> None:
    router = APIRouter()

    @router.get("/keep")
    async def keep() -> None:
        raise absence

    async with a_client(router) as client:
        answer = await client.get("/keep")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["type"] == "urn:anxin:problem:overloaded"
