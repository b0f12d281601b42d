"""A full stream refuses, and fills no other: a flood of records never keeps a revocation from the bus."""

from pathlib import Path

import pytest
from nats.js import JetStreamContext
from nats.js.errors import APIError

from local import nats as local_nats
from local import pki as local_pki
from local import process
from shared import topology
from shared.bus import connect
from tests.conftest import nats_settings
from tests.ports import free_port

STORE = 20 * 1024**2


def test_the_streams_share_out_the_whole_store() -> None:
    assert sum(stream.percent for stream in topology.STREAMS) == 100


async def test_a_flood_of_records_leaves_room_for_a_revocation(tmp_path: Path, pki: local_pki.Pki) -> None:
    server = local_nats.Server(tmp_path / "nats", pki, free_port(), free_port(), max_file_store=STORE)
    running = local_nats.start(server, tmp_path / "nats.log")
    try:
        connection = await connect(nats_settings(server, topology.OPERATOR), topology.OPERATOR)
        js = connection.jetstream()
        await topology.apply(js, store_bytes=STORE)
        await topology.apply(js, store_bytes=STORE)  # as at every start
        with pytest.raises(APIError, match="maximum bytes exceeded"):
            await _flood(js)
        assert (await js.publish("identity.revoked", b"{}")).stream == "IDENTITY"
        await connection.close()
    finally:
        process.stop(running)


async def _flood(js: JetStreamContext) -> None:
    for _ in range(2 * STORE // 500_000):
        await js.publish("records.accepted", bytes(500_000))
