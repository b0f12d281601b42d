"""What a page of a platform must satisfy, and what comes after it."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.catalogue import shipped as catalogue
from services.ingest.codecs import read
from services.ingest.connectors.definitions import shipped
from services.ingest.connectors.paging import Page, PullFailed, cursor_after, read_page, wait_after
from services.ingest.connectors.remote import fetch, open_client
from services.ingest.settings import Platform

PROJECTS = catalogue().datasets["hc_project"]
FIELDS = {"code": "project_code", "title": "name"}


def a_page(records: list[Any], **changes: Any) -> bytes:
    return json.dumps({"records": records, "count": len(records), "next": None} | changes).encode()


def test_fields_get_the_names_of_items_and_amounts_keep_their_digits() -> None:
    page = read_page(a_page([{"code": 0.1, "title": "x", "new": 1}], next="2"), FIELDS)
    assert json.loads(page.body) == [{"project_code": "0.1", "name": "x"}]
    assert (page.next, page.unknown) == ("2", ("new",))


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_a_field_whose_name_no_text_can_hold_is_shown_and_breaks_nothing(name: str) -> None:
    page = read_page(a_page([{"code": "1", "title": "x\udfff", name: 1}]), FIELDS)
    assert page.unknown == ("a?b",)
    assert page.body.isascii()


def test_a_page_without_a_field_agreed_on_is_refused() -> None:
    with pytest.raises(PullFailed, match="schema_changed title"):
        read_page(a_page([{"code": "1", "titel": "x"}]), FIELDS)


def test_a_field_that_only_some_records_lack_is_empty_there_and_no_changed_schema() -> None:
    page = read_page(a_page([{"code": "1", "title": "x"}, {"code": "2"}, {"title": "z"}]), FIELDS)
    assert json.loads(page.body) == [{"project_code": "1", "name": "x"}, {"project_code": "2"}, {"name": "z"}]


def test_a_number_or_a_depth_that_no_reader_holds_is_left_to_the_checks_of_its_record() -> None:
    deep = "[" * 50_000 + "]" * 50_000
    raw = a_page([{"code": "1", "title": "A"}, {"code": "2", "title": "B"}])
    page = read_page(raw.replace(b'"A"', b"9" * 5000).replace(b'"B"', deep.encode()), FIELDS)
    texts = next(iter(read(page.body, "application/json", PROJECTS)))
    assert texts.texts.get_column("name").to_list() == ["9" * 5000, None]
    assert texts.faults.rows() == [(2, "name", "nested")]


@given(st.integers(min_value=0, max_value=70))
def test_no_part_of_a_page_passes_for_the_page(length: int) -> None:
    whole = a_page([{"code": "1", "title": "x"}])
    with pytest.raises(PullFailed, match="half_page"):
        read_page(whole[: min(length, len(whole) - 1)], FIELDS)


@pytest.mark.parametrize("changes", [{"count": 2}, {"next": 3}, {"next": ""}])
def test_what_is_no_page_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(PullFailed, match="half_page"):
        read_page(a_page([{"code": "1", "title": "x"}], **changes), FIELDS)


def test_records_that_are_no_objects_are_refused() -> None:
    with pytest.raises(PullFailed, match="half_page"):
        read_page(a_page([1]), FIELDS)


def test_a_name_that_stands_twice_hides_no_value() -> None:
    page = a_page([{"code": "1", "title": "x"}]).replace(b'"title"', b'"title": "y", "title"')
    with pytest.raises(PullFailed, match="half_page a name stands twice"):
        read_page(page, FIELDS)


def test_a_round_never_goes_back() -> None:
    assert cursor_after(Page(b"", "2"), "1", {None}) == "2"
    assert cursor_after(Page(b"", None), "1", {None}) == "1"
    with pytest.raises(PullFailed, match="cursor_went_back"):
        cursor_after(Page(b"", "1"), "2", {None, "1"})


@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0, 3600))
def test_a_wait_is_never_shorter_than_asked_nor_longer_than_six_hours(n: int, jitter: float, asked: float) -> None:
    assert max(15, asked) <= wait_after(n, jitter, asked) <= 6 * 3600


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("told_as", ["a date", "seconds"])
async def test_a_platform_says_when_to_come_again_in_seconds_or_as_a_date(status: int, told_as: str) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=15), usegmt=True)
    header = {"retry-after": later if told_as == "a date" else "900"}
    transport = httpx.MockTransport(lambda _: httpx.Response(status, headers=header))
    connector = shipped()["provincial_wages"]
    async with open_client(Platform(url="https://wages.example/v1"), transport) as client:
        with pytest.raises(PullFailed, match="busy") as failed:
            await fetch(client, connector, connector.feeds[0], None)
    assert failed.value.wait_s == pytest.approx(900, abs=5)


def test_every_field_of_a_connector_leads_to_an_item_and_every_needed_item_has_one() -> None:
    for connector in shipped().values():
        for feed in connector.feeds:
            items = {each.item: each for each in catalogue().datasets[feed.dataset].items}
            assert set(feed.fields.values()) <= items.keys()
            assert {name for name, each in items.items() if each.required} <= set(feed.fields.values())
