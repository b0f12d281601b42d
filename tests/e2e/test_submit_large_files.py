"""`anxin submit` of a large file: Ctrl-C in the middle, and the same command goes on where it stopped."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.parts import cluster
from local.story.office import wait_for
from local.story.records import credit_code
from tests.running import Running

ROWS = 20_000
ARRIVED = "select arrived from ingest.import where agency = 'patient-bureau' and arrived > 0"
IMPORTS = "select state, arrived = length from ingest.import where agency = 'patient-bureau'"


def a_file(folder: Path, name: str, rows: int, blanks: int) -> Path:
    """Records with so many blanks behind each: large, and soon taken in."""
    file = folder / name
    records = ({"uscc": credit_code(700_000 + n), "period": "2026-10", "arrears": "0.00"} for n in range(rows))
    file.write_text("".join(json.dumps(record) + " " * blanks + "\n" for record in records))
    return file


def asked(platform: Running, statement: str) -> list[tuple[Any, ...]]:
    with cluster(platform.home, platform.ports).connect() as connection:
        return [tuple(row) for row in connection.execute(statement).fetchall()]


@pytest.mark.timeout(240)
def test_an_interrupted_submission_goes_on_where_it_stopped(platform: Running, tmp_path: Path) -> None:
    platform.agency("patient-bureau", ["ingest:tax_social_fee"])
    large, small = a_file(tmp_path, "large.ndjson", ROWS, 3000), a_file(tmp_path, "small.ndjson", 10, 0)
    words = ("submit", "tax_social_fee", str(large), str(small), "--agency", "patient-bureau", "--json")
    command = [sys.executable, "-m", "local.cli", *words, "--home", str(platform.home.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ}) as first:
        wait_for("some bytes to arrive", lambda: asked(platform, ARRIVED) or None, 60)
        first.send_signal(signal.SIGINT)
        _, said = first.communicate(timeout=60)
    assert first.returncode == 130, said.decode()
    assert "续传" in said.decode()
    receipts = [json.loads(line) for line in platform.anxin(*words).stdout.splitlines()]
    assert [Path(one["file"]).name for one in receipts] == ["large.ndjson", "small.ndjson"]
    assert receipts[0]["received"] == receipts[0]["accepted"] + receipts[0]["unchanged"] == ROWS
    assert receipts[1]["received"] == 10
    assert asked(platform, IMPORTS) == [("done", True)]
