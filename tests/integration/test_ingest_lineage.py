"""Lineage over HTTP: for people with the scope, and for an agency about what it sends."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from services.ingest.consumers import consumer
from services.scoring.announcing import uses_of
from services.scoring.rulebook import shipped
from tests.conftest import SettingsOf
from tests.ingest_desk import Door, open_door, person_headers

READER = person_headers("lineage:read")
NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture(scope="module")
async def door(settings_of: SettingsOf) -> AsyncIterator[Door]:
    async with open_door(settings_of("ingest")) as door:
        assert (await door.client.get("/v1/lineage/tax_arrears", headers=READER)).json()["rulebook_version"] is None
        newest = uses_of(shipped(), NOW)
        older = msgspec.structs.replace(newest, version="of-before", announced_at=NOW - timedelta(days=1), features=[])
        for event in (newest, older, newest):  # twice, and out of order
            await consumer.deliver(event, door.db)
        yield door


async def test_an_item_shows_where_it_goes_by_the_newest_rules(door: Door) -> None:
    answer = (await door.client.get("/v1/lineage/tax_arrears/balance", headers=READER)).json()
    assert answer["rulebook_version"] == shipped().version
    (item,) = answer["items"]
    assert (item["owner"], item["legal_basis"], item["sensitivity"]) == ("TAX", "Decree 724 art. 38", "P1")
    assert "E05" in {indicator["code"] for indicator in item["indicators"]}
    assert item["used_by"] == ["/v1/employers/{uscc}/risk", "/v1/alerts"]


async def test_an_indicator_shows_the_items_it_stands_on(door: Door) -> None:
    answer = (await door.client.get("/v1/lineage?indicator=E05", headers=READER)).json()
    assert {item["dataset"] for item in answer["items"]} == {"tax_arrears"}
    for query, status in (("indicator=X99", 404), ("", 422), ("indicator=E05&dataset=tax_arrears", 422)):
        assert (await door.client.get(f"/v1/lineage?{query}", headers=READER)).status_code == status


async def test_an_agency_asks_for_what_it_sends(door: Door) -> None:
    own = await door.get("/v1/lineage?dataset=tax_arrears")
    assert (own.status_code, len(own.json()["items"])) == (200, 9)
    for path, check in (("/ut_water", "scope_missing"), ("?indicator=E05", "role")):
        refused = await door.get(f"/v1/lineage{path}")
        assert (refused.status_code, refused.json()["check"]) == (403, check)


async def test_a_person_needs_the_scope_and_a_name_that_is_none_is_not_found(door: Door) -> None:
    outsider = await door.client.get("/v1/lineage/tax_arrears", headers=person_headers("alerts:read"))
    assert (outsider.status_code, outsider.json()["check"]) == (403, "scope_missing")
    for path in ("nothing", "tax_arrears/nothing"):
        assert (await door.client.get(f"/v1/lineage/{path}", headers=READER)).status_code == 404
