"""A file of some gigabytes by `anxin submit`, resumably, through Envoy: `python -m bench.upload --gb 5 --json`.

Drives a platform of its own. At the end everything is counted: every record is a head and a fact, once. The file is
what a court exports: judgment debtors with their obligations as text, about 8 kB a record. Many errors in one file:
`--gb 0.3 --sentences 0 --wrong-every 1`.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from bench.ingest.platform import asked, rss_mb, watched
from bench.ingest.registers import EMPLOYERS, credit_codes
from local.agency_client import AgencyClient
from tests.running import Running, running

DATASET = "court_dishonest"
_ROWS_AT_ONCE = 10_000
_LOOK_S = 0.5
_STATE = "select state from ingest.import where agency = %s"
_HEADS = "select count(*) from ingest.head where dataset = %s"
_FACTS = "select count(*) from scoring.fact where dataset = %s"
_KEYS = "select count(distinct key) from scoring.fact where dataset = %s"
_DUTIES = [
    "被执行人应于本判决生效之日起十日内支付申请执行人劳动报酬人民币{n}元及相应的迟延履行利息",
    "被执行人应向申请执行人支付经济补偿金人民币{n}元,并为其办理社会保险关系转移手续",
    "如未按指定期间履行给付金钱义务,应当依照民事诉讼法第二百六十四条的规定加倍支付迟延履行期间的债务利息",
    "案件受理费人民币{n}元由被执行人负担,于本判决生效之日起七日内向本院缴纳",
    "被执行人对第{n}项债务承担连带清偿责任,承担责任后有权向债务人追偿",
]


def main(
    *,
    gb: Annotated[float, typer.Option(min=0.01, help="10^9 bytes of plain CSV")] = 5,
    wrong_every: Annotated[int, typer.Option(min=0, help="each so many-th record is wrong; 0: none; 1: all")] = 0,
    sentences: Annotated[int, typer.Option(min=0, max=80, help="of each record's text")] = 60,
    at_once: Annotated[bool, typer.Option(help="in one request, up to 64 MB")] = False,
    patience_s: Annotated[float, typer.Option(help="for the records to become facts")] = 3600,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Print the figures as one JSON object."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "home") as platform:
        file = Path(folder) / "debtors.csv"
        began = time.perf_counter()
        records = write_file(file, int(gb * 1e9), wrong_every, sentences)
        figures: dict[str, Any] = {"bytes": file.stat().st_size, "records": records}
        figures["generate_s"] = round(time.perf_counter() - began, 1)
        agency = platform.agency("bench", [f"ingest:{DATASET}"])
        with watched(platform) as parts:
            figures |= _sent(platform, agency, file, 64 if at_once else 0)
            figures |= _stored(platform, int(figures["receipt"]["accepted"]), patience_s)
        figures["peak_rss_mb"] = {name: round(each["rss_mb"]) for name, each in parts.items()}
        figures["cpu_s"] = {name: round(each["cpu_s"]) for name, each in parts.items()}
        figures |= _errors(agency, figures["receipt"])
    typer.echo(json.dumps(figures) if as_json else "\n".join(f"{name}: {value}" for name, value in figures.items()))


def write_file(file: Path, size: int, wrong_every: int, sentences: int) -> int:
    """A CSV file of at least so many bytes. Returns how many records it has.

    Wrong records are wrong in turn in one of two items: a file with one item wrong throughout would be refused whole.
    """
    written = 0
    with file.open("wb") as content:
        while content.tell() < size:
            table = _records(written, wrong_every, sentences)
            content.write(table.write_csv(include_header=not written).encode())
            written += len(table)
    return written


def _records(first: int, wrong_every: int, sentences: int) -> pl.DataFrame:
    numbers = np.arange(first, first + _ROWS_AT_ONCE)
    drawn = np.random.default_rng(first)
    codes = credit_codes().gather(numbers % EMPLOYERS)
    texts = pl.concat_str([pl.lit("一"), *(_sentences(drawn) for _ in range(sentences))], separator="；")
    names = "杭州余杭第" + codes.str.slice(10, 6) + "贸易有限公司"
    table = pl.DataFrame({"rec_id": numbers, "name": names, "uscc": codes}).with_columns(
        pl.col("rec_id").cast(pl.String).alias("case_no"),
        pl.lit("2026-03-02").alias("filed_at"),
        pl.lit("全部未履行").alias("perform"),
        texts.alias("duty"),
        pl.lit("2026-04-01").alias("published_at"),
    )
    if not wrong_every:
        return table
    is_wrong = pl.col("rec_id") % wrong_every == 0
    return table.with_columns(
        _spoilt("filed_at", is_wrong & (pl.col("rec_id") // wrong_every % 2 == 0)),
        _spoilt("published_at", is_wrong & (pl.col("rec_id") // wrong_every % 2 == 1)),
    )


def _spoilt(name: str, where: pl.Expr) -> pl.Expr:
    return pl.when(where).then(pl.lit("2021-02-30")).otherwise(pl.col(name)).alias(name)


def _sentences(drawn: np.random.Generator) -> pl.Series:
    """A sentence a record, each with a number of its own."""
    amounts = pl.Series(drawn.integers(1_000, 10_000_000, _ROWS_AT_ONCE)).cast(pl.String)
    halves = [sentence.partition("{n}") for sentence in _DUTIES]
    which = drawn.integers(0, len(_DUTIES), _ROWS_AT_ONCE)
    before, after = (pl.Series([half[place] for half in halves]).gather(which) for place in (0, 2))
    return before + amounts + after


def _sent(platform: Running, agency: AgencyClient, file: Path, resumable_over: int) -> dict[str, Any]:
    """Send the file by the command that people use. Returns its receipt, and how long each step took."""
    words = ["submit", DATASET, str(file), "--agency", agency.client_id, "--home", str(platform.home.path)]
    words += ["--json", "--resumable-over", str(resumable_over)]
    began, at, held = time.perf_counter(), dict[str, float](), 0.0
    said = file.with_suffix(".json")
    command = [sys.executable, "-m", "local.cli", *words]
    with said.open("wb") as out, subprocess.Popen(command, stdout=out) as client:
        while (found := os.waitpid(client.pid, os.WNOHANG))[0] == 0:
            held = max(held, rss_mb(client.pid))
            at.setdefault(str(asked(platform, _STATE, agency.client_id)), time.perf_counter() - began)
            time.sleep(_LOOK_S)
        client.returncode = os.waitstatus_to_exitcode(found[1])
    taken_in = time.perf_counter() - began
    receipt = json.loads(said.read_text())
    errors = receipt.pop("errors", [])
    return {
        "receipt": receipt,
        "first_errors": len(errors),
        "arrived_s": round(at.get("waiting", at.get("reading", 0.0)), 1),
        "readable_s": round(at.get("storing", 0.0), 1),
        "taken_in_s": round(taken_in, 1),
        "client_rss_mb": round(held),
    }


def _stored(platform: Running, accepted: int, patience_s: float) -> dict[str, Any]:
    """Wait until every record is a fact, and count: each is there once."""
    began = time.perf_counter()
    while (facts := asked(platform, _FACTS, DATASET)) < accepted:
        if time.perf_counter() - began > patience_s:
            raise AssertionError(f"only {facts} of {accepted} records became facts")
        time.sleep(_LOOK_S)
    waited = time.perf_counter() - began
    counted = [asked(platform, statement, DATASET) for statement in (_HEADS, _FACTS, _KEYS)]
    if counted != [accepted] * 3:
        raise AssertionError(f"{accepted} were accepted; heads, facts, keys: {counted}")
    return {"facts_after_s": round(waited, 1), "counted": accepted}


def _errors(agency: AgencyClient, receipt: dict[str, Any]) -> dict[str, Any]:
    """Read every error as a stream, a line at a time."""
    began, lines = time.perf_counter(), 0
    bearer = {"Authorization": f"Bearer {agency.token()}"}
    with agency.http.stream("GET", f"/v1/receipts/{receipt['receipt_id']}/errors", headers=bearer) as answer:
        for _line in answer.iter_lines():
            lines += 1
    return {"errors_streamed": lines, "errors_s": round(time.perf_counter() - began, 1)}


if __name__ == "__main__":
    typer.run(main)
