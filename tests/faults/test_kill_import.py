"""kill -9 of ingest in the middle of a large file: every row is taken in and counted exactly once."""

import json
import os
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local import large_files
from local.parts import cluster
from local.story.office import wait_for
from local.story.records import credit_code
from tests.running import Running

ROWS, WRONG_EVERY = 100_000, 1000  # five batches
AGENCY = "large-bureau"
HALFWAY = "select received from ingest.import where agency = %s and state = 'storing' and received > 0"
HEADS = "select count(*) from ingest.head where receipt_id = %s"
LISTING, MISSING, LISTED = "listing-bureau", 20, 60_000
ENDED = """
select state, (select count(*) from ingest.head where receipt_id = snapshot_id and row_no = 0) from ingest.snapshot
where agency = %s
"""
FAULTS = "select count(*), count(distinct row_no) from ingest.fault where receipt_id = %s"


def a_file(folder: Path, rows: int = ROWS, period: str = "2026-10", first: int = 300_001) -> Path:
    file = folder / "large.ndjson"
    with file.open("w") as content:
        for number in range(rows):
            arrears = "-1" if (number + 1) % WRONG_EVERY == 0 else "0.00"
            record = {"uscc": credit_code(first + number), "period": period, "arrears": arrears}
            content.write(json.dumps(record) + "\n")
    return file


@pytest.mark.timeout(400)
def test_an_import_whose_worker_is_killed_is_counted_exactly_once(platform: Running, tmp_path: Path) -> None:
    client, receipts = platform.agency(AGENCY, ["ingest:tax_social_fee"]), []
    file = a_file(tmp_path)

    def send() -> None:
        large = large_files.LargeFile("tax_social_fee", file)
        receipts.append(large_files.send(client, large, lambda _size: None, lambda _state: None))

    sending = threading.Thread(target=send)
    sending.start()
    wait_for("the first batch to be stored", lambda: _asked(platform, HALFWAY, AGENCY) or None, 120)
    os.kill(platform.pid_of("ingest"), signal.SIGKILL)
    sending.join(240)
    ((state, rows),) = _asked(platform, "select state, last_row from ingest.import where agency = %s", AGENCY)
    assert (state, rows) == ("done", ROWS)
    (receipt,) = receipts
    wrong = ROWS // WRONG_EVERY
    assert (receipt["received"], receipt["accepted"], receipt["rejected"]) == (ROWS, ROWS - wrong, wrong)
    assert _asked(platform, HEADS, receipt["receipt_id"]) == [(ROWS - wrong,)]
    assert _asked(platform, FAULTS, receipt["receipt_id"]) == [(wrong, wrong)]


@pytest.mark.timeout(400)
def test_a_large_full_list_whose_worker_is_killed_ends_what_it_does_not_name_once_and_not_before_its_end(
    platform: Running, tmp_path: Path
) -> None:
    client, receipts = platform.agency(LISTING, ["ingest:tax_social_fee"]), []
    client.submit("tax_social_fee", a_file(tmp_path, MISSING, "2026-09", 510_001))
    said = {"snapshot": "full", "as_of": datetime.now(UTC).isoformat(), "month": "2026-09"}
    large = large_files.LargeFile("tax_social_fee", a_file(tmp_path, LISTED, "2026-09", 511_001), said)

    def send() -> None:
        receipts.append(large_files.send(client, large, lambda _size: None, lambda _state: None))

    sending = threading.Thread(target=send)
    sending.start()
    wait_for("the first batch to be stored", lambda: _asked(platform, HALFWAY, LISTING) or None, 120)
    assert _asked(platform, ENDED, LISTING) == [("open", 0)]
    os.kill(platform.pid_of("ingest"), signal.SIGKILL)
    sending.join(240)
    (receipt,) = receipts
    assert receipt["snapshot"]["state"] == "applied"
    # Those with a fault are there nevertheless: the list names them.
    assert _asked(platform, ENDED, LISTING) == [("applied", MISSING)]
    assert receipt["accepted"] == LISTED - LISTED // WRONG_EVERY


def _asked(platform: Running, statement: str, value: str) -> list[tuple[Any, ...]]:
    with cluster(platform.home, platform.ports).connect() as connection:
        return [tuple(row) for row in connection.execute(statement, [value]).fetchall()]
