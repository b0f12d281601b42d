"""NATS maps a certificate to a user, and a user to its own subjects."""

import asyncio
import ssl

import nats
import pytest
from nats.aio.client import Client

from local.nats import Server
from local.pki import Pki, issue, new_authority, write_private
from shared.topology import inbox_prefix

Errors = asyncio.Queue[str]


async def connected(server: Server, user: str, errors: Errors) -> Client:
    context = ssl.create_default_context(cafile=str(server.pki.certificate("mesh-ca")))
    context.load_cert_chain(server.pki.certificate(user), server.pki.key(user))

    async def note(error: Exception) -> None:
        errors.put_nowait(str(error))

    return await nats.connect(
        server.url, tls=context, error_cb=note, allow_reconnect=False, inbox_prefix=inbox_prefix(user).encode()
    )


async def test_a_service_may_publish_its_own_subject(nats_server: Server) -> None:
    errors: Errors = asyncio.Queue()
    connection = await connected(nats_server, "ingest", errors)
    acknowledged = await connection.jetstream().publish("records.accepted.test", b"{}")
    await connection.close()
    assert acknowledged.stream == "RECORDS"
    assert errors.empty()


async def test_a_foreign_subject_is_refused(nats_server: Server) -> None:
    errors: Errors = asyncio.Queue()
    connection = await connected(nats_server, "ingest", errors)
    await connection.publish("credit.listed", b"{}")
    await connection.flush()
    assert "permissions violation" in await asyncio.wait_for(errors.get(), 5)
    await connection.close()


async def test_a_subscriber_hears_the_list_and_can_say_nothing(nats_server: Server) -> None:
    errors: Errors = asyncio.Queue()
    subscriber = await connected(nats_server, "subscriber-public-credit", errors)
    credit = await connected(nats_server, "credit", errors)
    heard = await subscriber.subscribe("credit.>")
    await subscriber.flush()
    await credit.publish("credit.listed", b"listed")
    assert (await heard.next_msg(5)).data == b"listed"
    await subscriber.publish("credit.listed", b"forged")
    await subscriber.flush()
    assert "permissions violation" in await asyncio.wait_for(errors.get(), 5)
    await subscriber.close()
    await credit.close()


async def test_a_certificate_of_another_authority_is_refused(nats_server: Server, pki: Pki) -> None:
    stranger = issue(new_authority("Somebody else"), "ingest", ["ingest"])
    write_private(pki.directory / "stranger.key", stranger.key_pem)
    (pki.directory / "stranger.crt").write_bytes(stranger.certificate_pem)
    with pytest.raises((ssl.SSLError, OSError, nats.errors.Error)):
        await connected(nats_server, "stranger", asyncio.Queue())
