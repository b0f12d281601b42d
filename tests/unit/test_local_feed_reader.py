"""The demo's credit system before its agency has a certificate: it waits for one."""

import asyncio
from pathlib import Path

from local import credit_system
from local.credit_ledger import Ledger


async def test_a_feed_without_a_certificate_is_waited_for(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "received.sqlite")
    reading = asyncio.create_task(credit_system.read_feed(ledger, "https://localhost:1", tmp_path / "absent"))
    await asyncio.sleep(0.05)
    assert not reading.done()
    reading.cancel()
