"""Versions of the rules: who stands behind them, what they would change, which one counts. No restart."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.scoring import books, usecases
from services.scoring.announcing import announce_if_new
from services.scoring.consumers import consumer
from services.scoring.review import review_once
from services.scoring.rulebook import shipped, shipped_pages
from services.scoring.store import rulebooks as store
from services.scoring.store.rulebooks import Version
from services.scoring.trying import try_once
from services.scoring.usecases import rulebooks
from services.scoring.usecases.rulebooks import Deed
from shared import clock
from shared.db import Database, sql
from shared.service import Runtime
from tests.scoring_events import social_fee, subject
from tests.scoring_facts import a_uscc
from tests.scoring_reader import a_reader

ALL = "scores:read rules:read rules:draft rules:approve rules:activate"
WHY = {"reason": "试算后下调蓝色门槛 a lower band"}


def person(runtime: Runtime, login: str, scope: str = ALL) -> dict[str, str]:
    return a_reader(runtime, sub=login, scope=scope)


def lower_band(points: int) -> str:
    """The parameters with a lower threshold of blue; no two calls give the same page."""
    text = shipped_pages().parameters.decode()
    return text.replace("band_blue, value: 20", f"band_blue, value: {points}") + f"# {uuid4()}\n"


@pytest.fixture(autouse=True)
async def _the_shipped_book_counts_again(runtime: Runtime) -> AsyncIterator[None]:
    """Other tests of the session stand on the shipped rules."""
    async with runtime.db.transaction() as session:
        await usecases.register_shipped(session, clock.now())
    yield
    async with runtime.db.transaction() as session:
        if (await books.book_in_force(session, clock.today())) != shipped():
            await rulebooks.roll_back(session, shipped().version, Deed("test", "the end of a test", clock.now()))


async def drafted(client: httpx.AsyncClient, runtime: Runtime, page: str, **more: Any) -> str:
    body = WHY | {"pages": {"parameters": page}} | more
    answer = await client.post("/v1/rulebooks", json=body, headers=person(runtime, "li"))
    assert answer.status_code == 201, answer.text
    version: str = answer.json()["version"]
    return version


async def told(client: httpx.AsyncClient, runtime: Runtime, login: str, path: str, status: int = 200) -> dict[str, Any]:
    answer = await client.post(f"/v1/rulebooks/{path}", json=WHY, headers=person(runtime, login))
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def approved(client: httpx.AsyncClient, runtime: Runtime, page: str) -> str:
    version = await drafted(client, runtime, page)
    await told(client, runtime, "li", f"{version}/submit")
    await told(client, runtime, "zhao", f"{version}/approve")
    return version


async def tried(client: httpx.AsyncClient, runtime: Runtime, version: str) -> dict[str, Any]:
    run = await told(client, runtime, "li", f"{version}/dry-runs", 202)
    while await try_once(runtime.db, 200):
        pass
    path = f"/v1/rulebooks/{version}/dry-runs/{run['dry_run_id']}"
    found: dict[str, Any] = (await client.get(path, headers=person(runtime, "li"))).json()
    assert found["state"] == "finished", found
    return found


async def test_the_release_brings_its_own_book_once_and_any_version_can_be_read_again(runtime: Runtime) -> None:
    async with runtime.db.transaction() as session:
        await usecases.register_shipped(session, clock.now())
        assert await books.book_in_force(session, clock.today()) == shipped()
        assert await books.book_of(session, shipped().version) == shipped()
        assert await books.book_of(session, "2026.11-0000000000") is None


async def test_a_book_from_before_code_asked_for_a_number_or_an_item_takes_the_shipped_one(runtime: Runtime) -> None:
    text = shipped_pages().parameters.decode().replace("{code: cool_down_red,", "{code: cool_down_old,")
    datasets = shipped_pages().datasets.decode().replace(", labour_fee_day: int}", "}")
    old = shipped_pages()._replace(parameters=text.encode(), datasets=datasets.encode())
    async with runtime.db.transaction() as session:
        told = Version(old.version, old.digest, "drafted", None, "li", "old", None, clock.now())
        await store.keep(session, told, old)
        await store.keep_act(session, old.version, "drafted", actor="li", reason="old", acted_at=clock.now())
        book = await books.book_of(session, old.version)
        assert book is not None
        assert book.parameter("cool_down_red", clock.today()) == shipped().parameter("cool_down_red", clock.today())
        assert book.datasets["tr_project"].items["labour_fee_day"] == "int"


async def test_rules_change_for_everyone_without_a_restart_after_two_people_and_a_dry_run(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    uscc = a_uscc()
    await consumer.deliver(social_fee(uscc, 1), runtime.db)
    assert (await subject(runtime.db, uscc))["level"] == "none"
    version = await approved(client, runtime, lower_band(5))

    missing = await told(client, runtime, "zhao", f"{version}/activate", 409)
    assert missing["check"] == "dry_run_missing"
    run = await tried(client, runtime, version)
    assert run["done"] >= run["total"] > 0
    tally = run["employers"]
    assert sum(tally["levels_now"].values()) == sum(tally["levels_then"].values()) == tally["subjects"]
    assert {(move["now"], move["then"]) for move in tally["moves"] if move["now"] != move["then"]} == {("none", "blue")}
    assert (await subject(runtime.db, uscc))["rules_version"] == shipped().version, "a dry run writes no score"
    example = next(each for each in tally["changes"] if each["then"] == "blue")
    assert any(reason["text_zh"] for reason in example["after"])

    found = await told(client, runtime, "zhao", f"{version}/activate")
    assert (found["state"], found["author"], found["approved_by"]) == ("active", "li", "zhao")
    again = await client.get("/v1/indicators", headers=person(runtime, "wang"))
    assert again.json()["version"] == version
    while await review_once(runtime.db, 500):
        pass
    risk = (await client.get(f"/v1/employers/{uscc}/risk", headers=person(runtime, "wang"))).json()
    assert (risk["level"], risk["rules_version"]) == ("blue", version)
    await told(client, runtime, "zhao", f"{shipped().version}/rollback")
    await consumer.deliver(social_fee(uscc, 1, "15000.00"), runtime.db)
    risk = (await client.get(f"/v1/employers/{uscc}/risk", headers=person(runtime, "wang"))).json()
    assert (risk["rules_version"], risk["computed_level"]) == (shipped().version, "none")


async def test_two_processes_agree_and_listeners_hear_of_the_change(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    other = Database(runtime.settings)
    try:
        version = await approved(client, runtime, lower_band(6))
        await tried(client, runtime, version)
        await told(client, runtime, "zhao", f"{version}/activate")
        async with other.transaction() as session:
            book = await books.book_in_force(session, clock.today())
            assert (book.version, book.parameter("band_blue", clock.today())) == (version, 6)
            assert (await announce_if_new(session, shipped().version, clock.now()))[0] == version
            assert (await announce_if_new(session, version, clock.now()))[0] == version
            await session.flush()
            found = await sql(session, "select body from scoring.outbox where subject = 'scores.rulebook'")
            assert sum(version.encode() in bytes(body) for body in found.scalars()) == 1
    finally:
        await other.close()


async def test_nobody_approves_his_own_rules_nor_acts_without_the_scope(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    version = await drafted(client, runtime, lower_band(7))
    assert (await told(client, runtime, "zhao", f"{version}/approve", 409))["check"] == "state"
    await told(client, runtime, "wang", f"{version}/submit")
    for own in ("li", "wang"):
        assert (await told(client, runtime, own, f"{version}/approve", 403))["check"] == "second_person"
    reader = person(runtime, "zhao", "rules:read rules:draft")
    for deed in ("approve", "return", "activate", "rollback"):
        refused = await client.post(f"/v1/rulebooks/{version}/{deed}", json=WHY, headers=reader)
        assert (refused.status_code, refused.json()["check"]) == (403, "scope_missing")
    await told(client, runtime, "zhao", f"{version}/return")
    found = (await client.get(f"/v1/rulebooks/{version}", headers=reader)).json()
    assert [act["act"] for act in found["acts"]] == ["drafted", "submitted", "returned"]
    assert (found["state"], found["submitted_by"], found["approved_by"]) == ("draft", "wang", None)
    async with runtime.db.transaction() as session:
        audited = await sql(session, "select action from scoring.audit where subject = :v order by seq", v=version)
        assert [*audited.scalars()] == [f"rulebook.{act['act']}" for act in found["acts"]]


async def test_a_bad_draft_is_told_every_fault_and_changes_nothing(client: httpx.AsyncClient, runtime: Runtime) -> None:
    before = (await client.get("/v1/rulebooks", headers=person(runtime, "li"))).json()
    page = lower_band(90).replace("{code: family_cap, ", "{code: no_cap, ")
    body = WHY | {"pages": {"parameters": page}}
    answer = await client.post("/v1/rulebooks", json=body, headers=person(runtime, "li"))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert {fault["item"] for fault in answer.json()["errors"]} == {"family_cap", "band_blue"}
    assert (await client.get("/v1/rulebooks", headers=person(runtime, "li"))).json() == before
    nothing = await client.post("/v1/rulebooks", json=WHY | {"pages": {}}, headers=person(runtime, "li"))
    assert (nothing.status_code, nothing.json()["check"]) == (409, "same_pages")


async def test_an_old_dry_run_does_not_count_and_a_version_may_wait_for_its_day(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    version = await approved(client, runtime, lower_band(8))
    await tried(client, runtime, version)
    late = clock.now() + timedelta(days=8)
    async with runtime.db.transaction() as session:
        with pytest.raises(rulebooks.NoDryRun):
            await rulebooks.activate(session, version, Deed("zhao", "late", late), None)
    day = clock.today() + timedelta(days=30)
    body = WHY | {"effective_from": day.isoformat()}
    path = f"/v1/rulebooks/{version}/activate"
    found = (await client.post(path, json=body, headers=person(runtime, "zhao"))).json()
    assert (found["state"], found["effective_from"]) == ("scheduled", day.isoformat())
    async with runtime.db.transaction() as session:
        assert await books.book_in_force(session, clock.today()) == shipped()
        assert (await books.book_in_force(session, day)).version == version
    await told(client, runtime, "zhao", f"{shipped().version}/rollback")
    async with runtime.db.transaction() as session:
        assert await books.book_in_force(session, day) == shipped()


async def test_what_differs_is_told_field_by_field(client: httpx.AsyncClient, runtime: Runtime) -> None:
    version = await drafted(client, runtime, lower_band(9))
    found = (await client.get(f"/v1/rulebooks/{version}/diff", headers=person(runtime, "li"))).json()
    (entry,) = found["entries"]
    assert (entry["page"], entry["code"], entry["change"]) == ("parameters", "band_blue", "changed")
    assert entry["fields"] == [{"field": "value", "before": 20, "after": 9}]
    pages = (await client.get(f"/v1/rulebooks/{version}/pages", headers=person(runtime, "li"))).json()
    assert pages["indicators"] == shipped_pages().indicators.decode()
    rules = (await client.get(f"/v1/rulebooks/{version}/indicators", headers=person(runtime, "li"))).json()
    assert rules["indicators"][0]["article"]


async def test_a_dry_run_goes_on_where_it_stood_and_holds_nobody(client: httpx.AsyncClient, runtime: Runtime) -> None:
    for _ in range(3):
        await consumer.deliver(social_fee(a_uscc(), 1), runtime.db)
    version = await approved(client, runtime, lower_band(10))
    run = await told(client, runtime, "li", f"{version}/dry-runs", 202)
    assert (await told(client, runtime, "zhao", f"{version}/dry-runs", 202))["dry_run_id"] == run["dry_run_id"]
    assert await try_once(runtime.db, 2)
    path = f"/v1/rulebooks/{version}/dry-runs"
    (halfway,) = (await client.get(path, headers=person(runtime, "li"))).json()["dry_runs"]
    assert (halfway["state"], halfway["done"]) == ("running", 2)
    assert (await told(client, runtime, "zhao", f"{version}/activate", 409))["check"] == "dry_run_missing"
    found = await tried(client, runtime, version)
    assert found["dry_run_id"] == run["dry_run_id"]
    assert sum(found[kind]["subjects"] for kind in ("employers", "projects") if found[kind]) == found["done"]
