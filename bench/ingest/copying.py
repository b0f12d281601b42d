"""What the machine can do at best: plain COPY of the same records into a table with the same indexes."""

import io
import time
import uuid
from collections.abc import Iterable

import polars as pl

from local.parts import cluster
from tests.running import Running

_TABLE = """
drop table if exists public.bench_copy;
create table public.bench_copy (like scoring.fact);
create unique index on public.bench_copy (dataset, key);
create index on public.bench_copy (subject_id);
"""


def copied_per_s(platform: Running, files: Iterable[bytes]) -> int:
    """Records a second of one connection, a file a transaction. The table is gone afterwards."""
    tables = [_lines(body) for body in files]
    with cluster(platform.home, platform.ports).connect() as connection:
        connection.execute(_TABLE)
        began = time.perf_counter()
        for _, lines in tables:
            with connection.cursor() as cursor, cursor.copy("copy public.bench_copy from stdin (format csv)") as copy:
                copy.write(lines)
        seconds = time.perf_counter() - began
        connection.execute("drop table public.bench_copy")
    return round(sum(rows for rows, _ in tables) / seconds)


def _lines(body: bytes) -> tuple[int, bytes]:
    """A file's records as lines of scoring.fact."""
    table = pl.read_csv(io.BytesIO(body), infer_schema=False)
    lines = table.select(
        pl.lit("employer").alias("subject_kind"),
        pl.col("uscc").alias("subject_id"),
        pl.lit("tax_arrears").alias("dataset"),
        pl.concat_str("taxpayer_no", "tax_kind", "as_of", separator="|").alias("key"),
        pl.col("stat_at").alias("source_time"),
        pl.lit(str(uuid.uuid4())).alias("receipt_id"),
        pl.int_range(1, pl.len() + 1).alias("row_no"),
        pl.lit("bench").alias("agency"),
        pl.lit("2026-11-25T00:00:00Z").alias("reported_at"),
        pl.struct(pl.all()).struct.json_encode().alias("body"),
    )
    return len(table), lines.write_csv(include_header=False, quote_style="non_numeric").encode()
