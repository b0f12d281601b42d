"""kill -9 of any part in the middle of a stream of submissions loses nothing acknowledged and applies nothing twice."""

import json
import os
import signal
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local.agency_client import AgencyClient
from local.parts import cluster
from local.story.office import wait_for
from local.story.records import credit_code
from tests.running import Running

BATCHES, PER_BATCH = 24, 25
VICTIMS = ("ingest", "scoring", "alerts", "credit", "issuer", "nats", "postgres", "envoy")


@dataclass
class Stream:
    """An agency that sends batch after batch and notes what was acknowledged."""

    client: AgencyClient
    folder: Path
    first: int
    acknowledged: list[str] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    halfway: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send everything; the client itself tries again until a batch is acknowledged."""
        for batch in range(BATCHES):
            codes = [credit_code(self.first + batch * PER_BATCH + place) for place in range(PER_BATCH)]
            file = self.folder / f"{self.first}-{batch}.ndjson"
            file.write_text("".join(json.dumps(a_record(code)) + "\n" for code in codes))
            receipt = self.client.submit("tax_social_fee", file).json()
            assert receipt["accepted"] + receipt["unchanged"] == PER_BATCH, receipt
            self.acknowledged += codes
            self.receipts.append(receipt["receipt_id"])
            if batch == BATCHES // 3:
                self.halfway.set()


def a_record(code: str) -> dict[str, object]:
    return {"uscc": code, "period": "2026-10", "payable": "100.00", "paid": "0.00", "arrears": "100.00"}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("victim", VICTIMS)
def test_every_acknowledged_record_is_scored_exactly_once_though_a_part_is_killed(
    platform: Running, tmp_path: Path, victim: str
) -> None:
    client = platform.agency(f"tax-{victim}", ["ingest:tax_social_fee"])
    stream = Stream(client, tmp_path, first=10_000 * (1 + VICTIMS.index(victim)))
    sending = threading.Thread(target=stream.run)
    sending.start()
    assert stream.halfway.wait(60)
    killed = platform.pid_of(victim)
    os.kill(killed, signal.SIGKILL)
    sending.join(180)
    assert len(stream.acknowledged) == BATCHES * PER_BATCH
    assert len(set(stream.receipts)) == BATCHES
    wait_for("the killed part to be back", lambda: _is_back(platform, victim, killed) or None, 60)
    _assert_scored_once(platform, stream.acknowledged)


def _is_back(platform: Running, victim: str, killed: int) -> bool:
    return bool(platform.status()["ready"]) and platform.pid_of(victim) not in (0, killed)


def _assert_scored_once(platform: Running, codes: list[str]) -> None:
    def scores() -> dict[str, int] | None:
        found = _counts(platform, codes)
        return found if len(found) >= len(codes) else None

    counted = wait_for("every acknowledged employer to be scored", scores, 90)
    assert {code: number for code, number in counted.items() if number != 1} == {}


def _counts(platform: Running, codes: list[str]) -> dict[str, int]:
    """How many score-history entries each employer has, asked of the database itself."""
    with cluster(platform.home, platform.ports).connect() as connection:
        rows = connection.execute(SCORES, [codes]).fetchall()
    return {str(code): int(str(number)) for code, number in rows}


SCORES = "select subject_id, count(*) from scoring.score where subject_id = any(%s) group by 1"
