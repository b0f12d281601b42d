"""Every refusal is problem+json with a request id, whoever makes it."""

from collections.abc import AsyncIterator
from typing import Annotated, cast
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends
from pydantic import BaseModel

from shared.auth import Caller, require
from shared.errors import Overloaded, Unprocessable
from shared.identity import Identities
from shared.service import Runtime, Service, create_app
from shared.settings import Settings
from tests.unit.test_shared_auth import claims, headers, identities

router = APIRouter()
SETTINGS = Settings(database_url="postgresql+psycopg://nobody@nowhere/x")


class Thing(BaseModel):
    count: int


@router.get("/who")
async def who(caller: Annotated[Caller, Depends(require("ingest:tax_arrears"))]) -> str:
    return caller.id


@router.get("/secret")
async def secret(caller: Annotated[Caller, Depends(require("credit:decide"))]) -> str:
    return caller.id


@router.post("/things")
async def make(thing: Thing) -> int:
    return thing.count


@router.get("/rows")
async def rows() -> None:
    raise Unprocessable("Two rows are wrong.", errors=[{"row": 1, "item": "uscc", "code": "check_character"}])


@router.get("/busy")
async def busy() -> None:
    raise Overloaded(retry_after=7)


@router.get("/crash")
async def crash() -> None:
    raise RuntimeError("the password is hunter2")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    runtime = Runtime(SETTINGS, cast("object", None), identities())  # type: ignore[arg-type]
    app = create_app(Service("test", "A service for tests.", (router,)), runtime)
    transport = httpx.ASGITransport(app)  # which raises what leaves the application: nothing may
    async with httpx.AsyncClient(transport=transport, base_url="https://test") as http:
        yield http


def assert_problem(answer: httpx.Response, status: int, check: str | None = None) -> dict[str, object]:
    body: dict[str, object] = answer.json()
    assert answer.status_code == body["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "title_zh", "detail", "instance"} <= set(body)
    assert UUID(str(body["request_id"])) == UUID(answer.headers["x-request-id"])
    assert body.get("check") == check
    return body


async def test_a_caller_with_the_scope_is_let_in(client: httpx.AsyncClient) -> None:
    assert (await client.get("/who", headers=headers(claims()))).json() == "tax-bureau"


async def test_a_missing_token_is_a_401_that_names_its_check(client: httpx.AsyncClient) -> None:
    answer = await client.get("/who")
    assert_problem(answer, 401, "token_missing")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_missing_scope_is_a_403_that_names_its_check(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/secret", headers=headers(claims())), 403, "scope_missing")


async def test_an_unknown_path_and_a_wrong_method_are_problems_too(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/nowhere"), 404)
    assert_problem(await client.delete("/things"), 405)


async def test_a_wrong_body_names_the_item_and_the_reason(client: httpx.AsyncClient) -> None:
    body = assert_problem(await client.post("/things", json={"count": "many"}), 422)
    errors = cast("list[dict[str, str]]", body["errors"])
    assert errors[0]["item"] == "body.count"
    assert errors[0]["message_zh"] == "不是有效的整数。"


async def test_a_refusal_carries_its_rows(client: httpx.AsyncClient) -> None:
    body = assert_problem(await client.get("/rows"), 422)
    assert body["errors"] == [{"row": 1, "item": "uscc", "code": "check_character"}]


async def test_overload_says_when_to_come_again(client: httpx.AsyncClient) -> None:
    answer = await client.get("/busy")
    assert_problem(answer, 503)
    assert answer.headers["retry-after"] == "7"


async def test_a_crash_tells_the_caller_nothing_but_a_request_id(client: httpx.AsyncClient) -> None:
    answer = await client.get("/crash")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert answer.json()["request_id"]


async def test_before_the_keys_are_known_the_answer_is_503_with_retry_after() -> None:
    runtime = Runtime(SETTINGS, cast("object", None), Identities())  # type: ignore[arg-type]
    app = create_app(Service("test", "A service for tests.", (router,)), runtime)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://test") as http:
        answer = await http.get("/who", headers=headers(claims()))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
