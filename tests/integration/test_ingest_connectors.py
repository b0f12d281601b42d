"""A platform that plays faults: every record of it counts exactly once in the end."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import uuid4

import httpx
import pytest

from services.ingest.connectors.lease import LEASE_S, LeaseLost
from services.ingest.store import pulls
from tests.conftest import SettingsOf
from tests.ingest_desk import open_door
from tests.ingest_pulls import Answer, a_page, a_puller, begin, change, changed, due, heads, played, state, wait_s
from tests.remote_platform import NAME


def never(_: str | None) -> httpx.Response:
    raise httpx.ReadTimeout("slow")


def nonsense(_: str | None) -> httpx.Response:
    raise ZeroDivisionError("nobody foresaw this")


def renamed(page: dict[str, object]) -> dict[str, object]:
    records = page["records"]
    assert isinstance(records, list)
    new = [{("month" if k == "pay_month" else k): v for k, v in record.items()} for record in records]
    return page | {"records": new}


FAULTS: dict[str, tuple[str, Answer]] = {
    "no answer": ("unreachable", never),
    "500": ("unreachable", lambda _: httpx.Response(500, content=b"<html>oops")),
    "502": ("unreachable", lambda _: httpx.Response(502)),
    "429": ("busy", lambda _: httpx.Response(429, headers={"retry-after": "900"})),
    "503": ("busy", lambda _: httpx.Response(503)),
    "401": ("refused", lambda _: httpx.Response(401)),
    "a truncated page": ("half_page", lambda cursor: httpx.Response(200, content=a_page(cursor).content[:-20])),
    "a renamed field": ("schema_changed", lambda cursor: changed(cursor, renamed)),
    "back to where we were": (
        "cursor_went_back",
        lambda cursor: changed(cursor, lambda page: page | {"next": cursor}),
    ),
    "what nobody foresaw": ("broke", nonsense),
}


@pytest.mark.parametrize("happening", FAULTS)
async def test_after_a_fault_the_next_round_goes_on_and_every_record_counts_once(
    settings_of: SettingsOf, happening: str
) -> None:
    fault, answer = FAULTS[happening]
    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        assert await a_puller(door, played(lambda cursor: (answer if cursor == "1" else a_page)(cursor))).round(0.5)
        told = await state(door)
        feed = next(each for each in told["feeds"] if each["dataset"] == "hc_payroll")
        assert (feed["fault"], feed["cursor"], told["failures"], await heads(door)) == (fault, "1", 1, 2)
        assert feed["reason"]["zh"]
        assert not await a_puller(door, played(a_page)).round(0.5)  # not due yet
        await due(door)
        assert await a_puller(door, played(a_page)).round(0.5)
        assert (await heads(door), (await state(door))["failures"]) == (6, 0)


def without(page: dict[str, object], field: str, *places: int) -> dict[str, object]:
    """The page, some of whose records do not name a field."""
    records = page["records"]
    assert isinstance(records, list)
    for place in places or range(len(records)):
        del records[place][field]
    return page


async def test_records_that_lack_what_they_need_are_refused_by_row_and_the_round_goes_on(
    settings_of: SettingsOf,
) -> None:
    def lacking(cursor: str | None) -> httpx.Response:
        if cursor != "1":
            return a_page(cursor)
        return changed(cursor, lambda page: without(page, "pay_roll_code", 1))

    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        puller = a_puller(door, played(lacking))
        assert await puller.round(0.5)
        assert (await heads(door), (await state(door))["failures"]) == (5, 0)
        told = await door.rows(
            "select row_no, item, code from ingest.fault join ingest.receipt using (receipt_id) where agency = :agency",
            agency=puller.agency,
        )
        assert [tuple(fault) for fault in told] == [(2, "payroll_no", "required")]


async def test_a_field_that_no_record_names_is_a_changed_schema_and_nothing_of_the_page_is_taken(
    settings_of: SettingsOf,
) -> None:
    def changed_schema(cursor: str | None) -> httpx.Response:
        return changed(cursor, lambda page: without(page, "pay_roll_code")) if cursor == "1" else a_page(cursor)

    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        assert await a_puller(door, played(changed_schema)).round(0.5)
        feed = next(each for each in (await state(door))["feeds"] if each["dataset"] == "hc_payroll")
        assert (feed["fault"], feed["detail"], await heads(door)) == ("schema_changed", "pay_roll_code", 2)


async def test_each_failed_round_makes_the_stored_wait_longer_and_a_good_one_ends_it(settings_of: SettingsOf) -> None:
    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        waits = []
        for _ in range(4):
            await due(door)
            await a_puller(door, played(FAULTS["500"][1])).round(1.0)
            waits.append(round(await wait_s(door)))
        assert waits == [30, 60, 120, 240]
        await due(door)
        puller = a_puller(door, played(a_page))
        await puller.round(1.0)
        assert round(await wait_s(door)) == puller.connector.every_s


def in_seconds() -> str:
    return "900"


def as_a_date() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=901), usegmt=True)


@pytest.mark.parametrize("told", [in_seconds, as_a_date])
async def test_a_platform_that_says_when_is_not_asked_sooner(settings_of: SettingsOf, told: Callable[[], str]) -> None:
    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        busy = played(lambda _: httpx.Response(503, headers={"retry-after": told()}))
        await a_puller(door, busy).round(0.0)
        assert await wait_s(door) == pytest.approx(900, abs=2)


async def test_a_page_that_comes_twice_counts_once(settings_of: SettingsOf) -> None:
    def twice(cursor: str | None) -> httpx.Response:
        return changed("0", lambda page: page | {"next": "2"}) if cursor == "1" else a_page(cursor)

    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        await a_puller(door, played(twice)).round(0.5)
        assert await heads(door) == 4
        await due(door)
        await a_puller(door, played(a_page)).round(0.5)  # the empty last page again
        assert await heads(door) == 4


async def test_a_replica_leaves_a_connector_in_hand_alone_and_one_that_lost_it_writes_nothing(
    settings_of: SettingsOf,
) -> None:
    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        async with door.db.transaction() as session:
            assert await pulls.claim(session, NAME, uuid4(), LEASE_S) == 0
        late = a_puller(door, played(a_page))
        assert not await late.round(0.5)
        with pytest.raises(LeaseLost):
            await late._feed(late.connector.feeds[0])
        assert await heads(door) == 0


async def test_a_slow_round_keeps_its_short_lease(settings_of: SettingsOf) -> None:
    """The platform takes several leases' time to answer; nobody else may begin meanwhile."""
    asked = asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        asked.set()
        await asyncio.sleep(1.5)
        return a_page("3")

    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        client = httpx.AsyncClient(transport=httpx.MockTransport(slow), base_url="https://wages.example")
        round_ = asyncio.create_task(a_puller(door, client, lease_s=0.6).round(0.5))
        await asked.wait()
        await asyncio.sleep(1.0)
        assert not await a_puller(door, played(a_page)).round(0.5)
        assert await round_


async def test_a_worker_that_broke_off_keeps_a_platform_no_longer_than_its_lease(settings_of: SettingsOf) -> None:
    """Its task ended without a word, in the middle of a page: no renewal follows, and another worker begins."""
    asked = asyncio.Event()

    async def hanging(request: httpx.Request) -> httpx.Response:
        asked.set()
        await asyncio.Event().wait()
        return a_page(None)

    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        client = httpx.AsyncClient(transport=httpx.MockTransport(hanging), base_url="https://wages.example")
        broken = asyncio.create_task(a_puller(door, client, lease_s=0.5).round(0.5))
        await asked.wait()
        broken.cancel()
        await asyncio.gather(broken, return_exceptions=True)
        await asyncio.sleep(0.6)
        assert await a_puller(door, played(a_page)).round(0.5)
        assert await heads(door) == 6


async def test_a_claim_does_not_wait_for_a_page_that_is_being_taken(settings_of: SettingsOf) -> None:
    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        worker = uuid4()
        async with door.db.transaction() as session:
            assert await pulls.claim(session, NAME, worker, 60) == 0
        await change(door, "update ingest.connector set leased_until = now() - interval '1 minute'")
        async with door.db.transaction() as session:
            assert await pulls.hold(session, NAME, worker, 60)
            async with asyncio.timeout(5):
                assert not await a_puller(door, played(a_page)).round(0.5)
