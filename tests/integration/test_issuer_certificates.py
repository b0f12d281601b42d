"""Which certificates are an agency's: those that were registered last, and no earlier one."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from gateway.issuer import usecases
from shared.certificates import thumbprint
from shared.errors import Unprocessable
from tests.conftest import SettingsOf
from tests.issuer_desk import Desk, open_desk

LEAKED, NEW = "c3" * 32, "d4" * 32


@pytest.fixture(scope="module")
async def desk(settings_of: SettingsOf) -> AsyncIterator[Desk]:
    async with open_desk(settings_of("issuer")) as desk:
        yield desk


async def _asks(desk: Desk, name: str, digest: str) -> int:
    async with desk.agency(name, digest) as agency:
        form = {"grant_type": "client_credentials", "client_id": name}
        return (await agency.post("/oauth/token", data=form)).status_code


async def _revoke(desk: Desk, name: str) -> None:
    async with desk.runtime.db.transaction() as session:
        await usecases.revoke_client(session, name, datetime.now(UTC))


async def test_an_agency_that_comes_back_does_not_bring_its_leaked_certificate(desk: Desk) -> None:
    await desk.add_client("port-office", ["ingest:x"], thumbprints=[thumbprint(LEAKED)])
    assert await _asks(desk, "port-office", LEAKED) == 200
    await _revoke(desk, "port-office")
    await desk.add_client("port-office", ["ingest:x"], thumbprints=[thumbprint(NEW)])
    assert await _asks(desk, "port-office", LEAKED) == 401
    assert await _asks(desk, "port-office", NEW) == 200


@pytest.mark.parametrize("before", [[], [thumbprint(LEAKED)]])
async def test_a_revoked_agency_never_comes_back_without_a_certificate_of_its_own(
    desk: Desk, before: list[str]
) -> None:
    await desk.add_client("river-office", ["ingest:x"], thumbprints=[*before, thumbprint(NEW)])
    await _revoke(desk, "river-office")
    with pytest.raises(Unprocessable):
        await desk.add_client("river-office", ["ingest:x"])
    assert await _asks(desk, "river-office", LEAKED) == 401


async def test_a_new_grant_keeps_the_certificates_and_ends_no_token(desk: Desk) -> None:
    await desk.add_client("park-office", ["ingest:x"], thumbprints=[thumbprint(NEW)])
    await desk.add_client("park-office", ["ingest:x", "ingest:y"])
    assert await _asks(desk, "park-office", LEAKED) == 401
    assert await _asks(desk, "park-office", NEW) == 200
    assert ("client", "park-office") not in await desk.revocations()


async def test_a_certificate_that_is_added_beside_the_old_one_ends_no_token(desk: Desk) -> None:
    await desk.add_client("road-office", ["ingest:x"], thumbprints=[thumbprint(LEAKED)])
    await desk.add_client("road-office", ["ingest:x"], thumbprints=[thumbprint(LEAKED), thumbprint(NEW)])
    assert await _asks(desk, "road-office", LEAKED) == await _asks(desk, "road-office", NEW) == 200
    assert ("client", "road-office") not in await desk.revocations()


@pytest.mark.parametrize("before", [[], [thumbprint(LEAKED)]])
async def test_a_certificate_that_is_replaced_ends_the_tokens_bound_to_it(desk: Desk, before: list[str]) -> None:
    name = f"rail-office-{len(before)}"
    await desk.add_client(name, ["ingest:x"], thumbprints=before)
    await desk.add_client(name, ["ingest:x"], thumbprints=[thumbprint(NEW)])
    assert ("client", name) in await desk.revocations()
