"""How fast files become columns: `python -m bench.codecs --records 200000 --json`.

Records of `tax_arrears` with nine items, one process; records for each second of processor time, all threads counted.
"""

import csv
import io
import json
import time
from typing import Annotated, Any

import polars as pl
import typer

from services.ingest.catalogue import shipped
from services.ingest.codecs import read

TAX = shipped().datasets["tax_arrears"]


def main(
    records: Annotated[int, typer.Option(min=1)] = 200_000,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Read the same records in each format; print records/s of each."""
    figures = {name: _per_second(body, name, records) for name, body in _files(records).items()}
    typer.echo(json.dumps(figures) if as_json else "\n".join(f"{name}: {value}" for name, value in figures.items()))


def _per_second(body: bytes, content_type: str, records: int) -> int:
    start = time.process_time()
    found = sum(len(batch.texts) for batch in read(body, content_type, TAX))
    if found != records:
        raise SystemExit(f"{content_type}: {found} records instead of {records}")
    return round(records / (time.process_time() - start))


def _files(records: int) -> dict[str, bytes]:
    rows = [_record(number) for number in range(records)]
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    table = io.StringIO(newline="")
    csv.writer(table).writerows([rows[0], *(row.values() for row in rows)])
    return {
        "text/csv": table.getvalue().encode(),
        "application/x-ndjson": "\n".join(lines).encode(),
        "application/json": f"[{','.join(lines)}]".encode(),
    }


def _record(number: int) -> dict[str, Any]:
    return {
        "taxpayer": f"杭州某某建设有限公司{number}",
        "taxpayer_no": f"T{number}",
        "uscc": "91330100799655058B",
        "principal": "王某",
        "tax_kind": "增值税",
        "balance": number + 0.5,
        "authority": "国家税务总局杭州市余杭区税务局",
        "as_of": "2026-10",
        "stat_at": "2026-11-01T08:00:00+08:00",
    }


if __name__ == "__main__":
    # Its threads are started once, before the clock.
    pl.DataFrame({"x": ["1"]}).write_csv()
    typer.run(main)
