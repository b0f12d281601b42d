"""Drive a platform of its own from outside: `python -m bench.ingest --records 5000000 --json`.

A record is done when it is a fact in scoring's store: through Envoy with mTLS, checked, matched, durable (sync always),
announced and kept. At the end everything is counted. Times are of this run on this machine; compare ratios only.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from bench.ingest import bulk, small
from bench.ingest.copying import copied_per_s
from bench.ingest.platform import DATASET, asked, wait_until_scored, wait_until_stored, watched
from bench.ingest.registers import files
from local import pki
from local.agency_client import AgencyClient
from tests.running import Running, running

# Months (since 2000-01) from which on each measurement has records of its own.
_WARM, _DIRECT, _GATEWAY, _COPY = 200, 240, 260, 290
_PART = 200_000


def main(
    records: Annotated[int, typer.Option(min=1000)] = 1_000_000,
    requests: Annotated[int, typer.Option(min=1, help="small requests at each speed")] = 2000,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Print the figures as one JSON object."""
    with TemporaryDirectory() as folder, TemporaryDirectory() as home, running(Path(home)) as platform:
        agency = platform.agency("bench", [f"ingest:{DATASET}"])
        warm = bulk.kept(files(50_000, _WARM), Path(folder) / "warm")
        bulk.sent(warm, lambda: bulk.front_door(agency))
        wait_until_stored(platform, 50_000)
        bodies = bulk.kept(files(records), Path(folder) / "records")
        figures = {**_bulk(platform, agency, bodies, records), **_ratios(platform, agency, Path(folder))}
        known = 50_000 + records + 2 * _PART

        def idle(sent: int) -> None:
            wait_until_stored(platform, known + sent)
            wait_until_scored(platform)

        quick = small.measured(agency, requests, idle)
        known += int(quick.pop("small_sent"))
        figures |= {**quick, "counted": _counted(platform, known)}
    typer.echo(json.dumps(figures) if as_json else "\n".join(f"{name}: {value}" for name, value in figures.items()))


def _bulk(platform: Running, agency: AgencyClient, bodies: list[Path], records: int) -> dict[str, object]:
    # Before there is anything to score: nothing else runs.
    copy = copied_per_s(platform, files(min(records, 1_000_000), _COPY))
    with watched(platform) as parts:
        first = _timed(platform, agency, bodies, records)
    # The scores that the first delivery has made due would stand in the way of the second.
    with watched(platform) as scoring_parts:
        scored = _lasted(lambda: wait_until_scored(platform))
    with watched(platform) as again_parts:
        again = _timed(platform, agency, bodies, 0)
    every = (parts, scoring_parts, again_parts)
    return {
        "records": records,
        "records_per_s": round(records / first),
        "copy_per_s": copy,
        "ratio": round(records / first / copy, 3),
        "second_delivery_ratio": round(first / again, 2),
        "scored_after_s": round(scored, 1),
        "peak_rss_mb": {name: round(max(each[name]["rss_mb"] for each in every)) for name in parts},
        "cpu_us_a_record": {name: round(each["cpu_s"] / records * 1e6, 2) for name, each in parts.items()},
        "cpu_us_a_record_again": {name: round(each["cpu_s"] / records * 1e6, 2) for name, each in again_parts.items()},
    }


def _timed(platform: Running, agency: AgencyClient, bodies: list[Path], new: int) -> float:
    """Seconds until the files are taken in, of whose records so many are new."""
    stored = asked(platform, "select coalesce(sum(records), 0)::bigint from scoring.delivery")
    began = time.perf_counter()
    accepted = bulk.sent(bodies, lambda: bulk.front_door(agency))
    if accepted != new:
        raise AssertionError(f"{accepted} were accepted, not {new}")
    wait_until_stored(platform, stored + accepted)
    return time.perf_counter() - began


def _lasted(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _ratios(platform: Running, agency: AgencyClient, folder: Path) -> dict[str, float]:
    """How the front door compares with the service behind it, answers alone."""
    thumbprint = pki.thumbprint((agency.folder / "client.crt").read_bytes())
    seconds = []
    for month, line in (
        (_DIRECT, lambda: bulk.straight(platform, agency, thumbprint)),
        (_GATEWAY, lambda: bulk.front_door(agency)),
    ):
        bodies = bulk.kept(files(_PART, month), folder / str(month))
        began = time.perf_counter()
        bulk.sent(bodies, line)
        seconds.append(time.perf_counter() - began)
    return {"direct_ratio": round(seconds[0] / seconds[1], 2)}


def _counted(platform: Running, known: int) -> int:
    """Every accepted record is there once: among ingest's heads, and among scoring's facts."""
    wait_until_stored(platform, known)
    heads = asked(platform, "select count(*) from ingest.head where dataset = %s", DATASET)
    facts = asked(platform, "select count(*) from scoring.fact where dataset = %s", DATASET)
    keys = asked(platform, "select count(distinct key) from scoring.fact where dataset = %s", DATASET)
    if not heads == facts == keys == known:
        raise AssertionError(f"{known} were accepted; {heads} heads, {facts} facts, {keys} keys")
    return int(heads)


if __name__ == "__main__":
    typer.run(main)
