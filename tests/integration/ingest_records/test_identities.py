"""Who is behind a pseudonym: masked to a role, clear for a purpose, refused and on record to everybody else."""

from typing import Any

import httpx
import pytest

from shared.audit import broken_at
from tests.ingest_desk import Door, agency_headers, person_headers
from tests.wages_site import Site

READ, UNMASK = "identities:read", "identities:read identities:unmask"


async def _known(door: Door) -> tuple[Site, dict[str, str]]:
    """A site, and the pseudonym of each clear number (of persons, and the account as the bank writes it)."""
    site = Site("I-1")
    for agency, dataset, records in site.deliveries():
        assert (await door.send(dataset, records, agency=agency)).status_code == 202
    vault = door.app.state.desk.vault
    persons = {number: vault.pseudonym("person", number) for number in site.numbers}
    bare = "".join(letter for letter in site.account if letter.isdigit())
    return site, persons | {bare: vault.pseudonym("account", bare)}


async def _unmask(door: Door, pseudonym: str, scope: str, purpose: str = "现场核查工资发放") -> httpx.Response:
    path = f"/v1/identities/{pseudonym}/unmask"
    return await door.client.post(path, json={"purpose": purpose}, headers=person_headers(scope))


async def _log(door: Door, pseudonym: str) -> list[tuple[Any, ...]]:
    return await door.rows("select actor, action, details from audit where subject = :s order by seq", s=pseudonym)


async def test_a_role_sees_the_number_masked_and_with_a_purpose_in_the_clear(door: Door) -> None:
    _, known = await _known(door)
    for number, pseudonym in known.items():
        path = f"/v1/identities/{pseudonym}"
        shown = (await door.client.get(path, headers=person_headers(READ))).json()
        is_person = len(number) == 18
        assert shown["number"] == (f"{number[:6]}********{number[-4:]}" if is_person else f"****{number[-4:]}")
        assert shown["kind"] == ("person" if is_person else "account")
        clear = await _unmask(door, pseudonym, UNMASK)
        assert (clear.json()["number"], clear.headers["cache-control"]) == (number, "no-store")
        actions = [(action, details.get("purpose")) for _, action, details in await _log(door, pseudonym)]
        assert actions[-2:] == [("identity.read", None), ("identity.unmask", "现场核查工资发放")]
    async with door.db.transaction() as session:
        assert await broken_at(session) is None


async def test_a_month_of_workers_is_asked_for_at_once_and_strangers_are_left_out(door: Door) -> None:
    site, known = await _known(door)
    wanted = [known[number] for number in site.numbers] + ["0" * 32]
    answer = await door.client.post("/v1/identities", json={"pseudonyms": wanted}, headers=person_headers(READ))
    assert {one["pseudonym"] for one in answer.json()} == set(wanted[:-1])
    assert not any(number in answer.text for number in site.numbers)
    ((_, action, details),) = await _log(door, f"{len(wanted)} pseudonyms")
    assert (action, details["pseudonyms"]) == ("identity.read", wanted)


@pytest.mark.parametrize("scope", ["", "wages:read", READ])
async def test_without_the_scope_nothing_is_unmasked_and_the_attempt_is_on_record(door: Door, scope: str) -> None:
    _, known = await _known(door)
    number, pseudonym = next(iter(known.items()))
    refused = await _unmask(door, pseudonym, scope)
    assert (refused.status_code, refused.json()["check"]) == (403, "scope_missing")
    assert number not in refused.text
    actor, action, details = (await _log(door, pseudonym))[-1]
    assert (actor[:7], action, details["purpose"]) == ("person:", "identity.unmask.refused", "现场核查工资发放")


async def test_an_agency_sees_nobody(door: Door) -> None:
    _, known = await _known(door)
    for pseudonym in known.values():
        headers = agency_headers("housing", UNMASK)
        refused = await door.client.get(f"/v1/identities/{pseudonym}", headers=headers)
        assert (refused.status_code, refused.json()["check"]) == (403, "role")


@pytest.mark.parametrize("purpose", ["", "abc", "x" * 201, "看 330110198001010018 的工资", "6222 0000 0000 0001 的"])
async def test_a_purpose_is_some_words_and_no_number(door: Door, purpose: str) -> None:
    assert (await _unmask(door, "a" * 32, UNMASK, purpose)).status_code == 422


async def test_a_stranger_is_not_found(door: Door) -> None:
    assert (await _unmask(door, "a" * 32, UNMASK)).status_code == 404
    strange = await door.client.get("/v1/identities/nobody", headers=person_headers(READ))
    assert strange.status_code == 422
