"""kill -9 of any part in the middle of a stream of submissions loses nothing acknowledged and applies nothing twice."""

import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest

from local.agency_client import AgencyClient
from local.parts import cluster
from local.story.office import wait_for
from local.story.records import credit_code
from tests.running import Running

Connection = psycopg.Connection[tuple[object, ...]]
BATCHES, PER_BATCH = 24, 10
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
    assert platform.status()["ready"]
    _assert_scored_once(platform, stream.acknowledged)


def _is_back(platform: Running, victim: str, killed: int) -> bool:
    return platform.is_ready() and platform.pid_of(victim) not in (0, killed)


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


# A standby that is nowhere: what commits is on the disk, and waits for it before anybody is told.
AWAY = "alter system set synchronous_standby_names = 'nowhere'"
BACK = "alter system reset synchronous_standby_names"
HELD_UP = "select pid from pg_stat_activity where usename = 'ingest' and wait_event_type = 'Lock'"
COMMITTED = """
select pid from pg_stat_activity join pg_locks using (pid)
where wait_event = 'SyncRep' and relation = 'ingest.receipt'::regclass and mode = 'RowExclusiveLock'
"""
SMALL_AGENCY, SMALL = "small-and-many", 12
KEPT = "select key, receipt_id::text from ingest.submission_key where agency = %s"
TAKEN = """
select count(*), sum(accepted), (select count(*) from ingest.head where receipt_id = any(array_agg(r.receipt_id)))
from ingest.receipt r where agency = %s
"""


@pytest.mark.timeout(240)
def test_small_requests_that_were_committed_together_but_never_answered_get_the_same_receipts(
    platform: Running,
) -> None:
    client = platform.agency(SMALL_AGENCY, ["ingest:tax_social_fee"])
    codes = [credit_code(400_000 + number) for number in range(SMALL)]
    with cluster(platform.home, platform.ports).connect() as database:
        first, *others = _killed_before_it_answers(platform, database, client, codes)
        assert first.status_code == 202
        assert {each.status_code for each in others} <= {502, 503, 504}
        kept = {str(key): str(receipt) for key, receipt in database.execute(KEPT, [SMALL_AGENCY])}
        # The first, and those that went together after it; who came later than that round was not taken.
        assert len(kept) > 2
        wait_for("ingest to be back", lambda: platform.is_ready() or None, 60)
        again = {code: client.ask(*_small(code)).json() for code in codes}
        assert {code: again[code]["receipt_id"] for code in kept} == kept
        assert all(receipt["accepted"] == 1 for receipt in again.values())
        assert database.execute(TAKEN, [SMALL_AGENCY]).fetchall() == [(SMALL, SMALL, SMALL)]
    _assert_scored_once(platform, codes)


def _small(code: str) -> tuple[str, str, dict[str, str], bytes]:
    """A request of one record with its code as key: method, path, headers, body."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": code}
    return "POST", "/v1/datasets/tax_social_fee/records", headers, json.dumps([a_record(code)]).encode()


def _killed_before_it_answers(
    platform: Running, database: Connection, client: AgencyClient, codes: list[str]
) -> list[httpx.Response]:
    """The first request alone is answered; the round after it is on the disk when ingest is killed. Each answer."""
    bearer, killed = {"Authorization": f"Bearer {client.token()}"}, platform.pid_of("ingest")

    def once(code: str) -> httpx.Response:
        method, path, headers, body = _small(code)
        return client.http.request(method, path, content=body, headers={**headers, **bearer})

    def found(wanted: str) -> int | None:
        row = database.execute(wanted).fetchone()
        return int(str(row[0])) if row else None

    other = cluster(platform.home, platform.ports).connect()
    with ThreadPoolExecutor(len(codes)) as threads, other:
        try:
            with other.transaction():
                other.execute("lock table ingest.receipt in exclusive mode")
                sent = [threads.submit(once, codes[0])]
                first = wait_for("the first to be held up", lambda: found(HELD_UP), 30)
                sent += [threads.submit(once, code) for code in codes[1:]]
                _reload(database, AWAY)
            # A commit whose waiting is cancelled has happened already: the first is answered, the next round begins.
            wait_for("the first to be committed", lambda: found(COMMITTED), 30)
            database.execute("select pg_cancel_backend(%s)", [first])
            sent[0].result(30)
            wait_for("the others to be committed", lambda: found(COMMITTED), 30)
            os.kill(killed, signal.SIGKILL)
            return [each.result(90) for each in sent]
        finally:
            _reload(database, BACK)


def _reload(database: Connection, change: str) -> None:
    database.execute(change)
    database.execute("select pg_reload_conf()")
    time.sleep(2)  # nothing tells when every process has heard of it; until then the others arrive
