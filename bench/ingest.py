"""Ingest from outside, through Envoy with mTLS: `python -m bench.ingest --records 1000 --json`.

Starts a platform of its own. Sends `requests` requests of `records` records each (tax_arrears, NDJSON) one after the
other, then small requests of one record on several connections, and ends by counting: every accepted record is there
once. Times are of this run on this machine; compare ratios within one run only.
"""

import asyncio
import json
import ssl
import statistics
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from local.agency_client import AgencyClient
from local.parts import cluster
from local.story.records import credit_code
from tests.running import Running, running

DATASET = "tax_arrears"
CONNECTIONS = 16


def main(
    records: Annotated[int, typer.Option(min=1)] = 1000,
    requests: Annotated[int, typer.Option(min=1)] = 20,
    small: Annotated[int, typer.Option(min=1)] = 1000,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Print {"request_ms_p50", "request_ms_max", "records_per_s", "small_rps", "small_p99_ms", "counted", "sent"}."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as platform:
        agency = platform.agency("bench", [f"ingest:{DATASET}"])
        figures = {**_bulk(agency, records, requests), **asyncio.run(_small(agency, records * requests, small))}
        figures |= {"counted": _counted(platform), "sent": records * requests + small}
    typer.echo(json.dumps(figures) if as_json else "\n".join(f"{name}: {value}" for name, value in figures.items()))


def _body(first: int, number: int) -> bytes:
    """NDJSON of `number` employers' tax arrears."""
    return "".join(json.dumps(_record(credit_code(first + place))) + "\n" for place in range(number)).encode()


def _record(code: str) -> dict[str, str]:
    who = {"taxpayer": f"测试企业{code[-6:]}", "taxpayer_no": code, "uscc": code, "tax_kind": "增值税"}
    return who | {"balance": "1200.00", "as_of": "2026-10", "stat_at": "2026-11-01T08:00:00+08:00"}


def _headers(agency: AgencyClient) -> dict[str, str]:
    return {"Authorization": f"Bearer {agency.token()}", "Content-Type": "application/x-ndjson"}


def _bulk(agency: AgencyClient, records: int, requests: int) -> dict[str, float]:
    bodies = [_body(1 + number * records, records) for number in range(requests)]
    path, headers, took = f"/v1/datasets/{DATASET}/records", _headers(agency), []
    for body in bodies:
        began = time.perf_counter()
        receipt = agency.http.post(path, content=body, headers=headers).raise_for_status().json()
        took.append(time.perf_counter() - began)
        if receipt["accepted"] != records:
            raise AssertionError(receipt)
    return {
        "request_ms_p50": round(statistics.median(took) * 1000, 1),
        "request_ms_max": round(max(took) * 1000, 1),
        "records_per_s": round(records * requests / sum(took)),
    }


async def _small(agency: AgencyClient, first: int, number: int) -> dict[str, float]:
    waiting: asyncio.Queue[bytes] = asyncio.Queue()
    for place in range(number):
        waiting.put_nowait(_body(1 + first + place, 1))
    trust = ssl.create_default_context(cafile=str(agency.folder / "ca.crt"))
    trust.load_cert_chain(agency.folder / "client.crt", agency.folder / "client.key")
    took: list[float] = []
    async with httpx.AsyncClient(base_url=agency.url, verify=trust, headers=_headers(agency), timeout=30) as http:
        began = time.perf_counter()
        await asyncio.gather(*(_send(http, waiting, took) for _ in range(CONNECTIONS)))
        seconds = time.perf_counter() - began
    took.sort()
    return {"small_rps": round(number / seconds), "small_p99_ms": round(took[int(0.99 * len(took))] * 1000, 1)}


async def _send(http: httpx.AsyncClient, waiting: "asyncio.Queue[bytes]", took: list[float]) -> None:
    while not waiting.empty():
        body = waiting.get_nowait()
        while True:
            began = time.perf_counter()
            answer = await http.post(f"/v1/datasets/{DATASET}/records", content=body)
            took.append(time.perf_counter() - began)
            if answer.status_code not in (429, 503):
                break
            await asyncio.sleep(float(answer.headers["retry-after"]))
        answer.raise_for_status()


def _counted(platform: Running) -> Any:
    """How many records ingest holds of the dataset, asked of the database itself."""
    with cluster(platform.home, platform.ports).connect() as connection:
        row = connection.execute("select count(*) from ingest.head where dataset = %s", [DATASET]).fetchone()
    return row[0] if row else 0


if __name__ == "__main__":
    typer.run(main)
