"""What a delivery costs depends on it, not on how much is known: no statement of it reads a whole register."""

import re

import pytest

from services.ingest.store import heads, past, waiting
from shared.db import Database, sql

# Enough in both that a planner who may choose would read a whole table once, and never a small one for each key.
_FILL_HEAD = """
insert into ingest.head (key, dataset, subject, row_hash, source_time, receipt_id, row_no)
select md5(n::text)::uuid, 'tax_arrears', 'x', md5(n::text)::uuid, now(), '01993a9e-7e00-7000-8000-000000000000', n
from generate_series(1, 20000) as n
"""
_FILL_UNMATCHED = """
insert into ingest.unmatched (key, dataset, row_hash, source_time, receipt_id, row_no, record)
select md5(n::text)::uuid, 'tax_arrears', md5(n::text)::uuid, now(), '01993a9e-7e00-7000-8000-000000000000', n, '{}'
from generate_series(1, 20000) as n
"""
_KEYS = "{" + ",".join(f"{number:032x}" for number in range(5000)) + "}"
_ROWS = "{" + ",".join(map(str, range(1, 5001))) + "}"
_GIVEN = {
    "rows": _ROWS,
    "keys": _KEYS,
    "hashes": _KEYS,
    "micros": _ROWS,
    "times": "{" + ",".join(["2026-11-01"] * 5000) + "}",
    "subjects": ["x"] * 5000,
    "receipts": ["01993a9e-7e00-7000-8000-000000000001"],
    "receipt_id": "01993a9e-7e00-7000-8000-000000000001",
    "before": [0],
    "dataset": "tax_arrears",
    "records": "[]",
}


_STATEMENTS = {
    "merge": heads._MERGE,
    "differ": heads._DIFFERING,
    "news": past._NEWS,
    "wait": waiting._KEEP_UNMATCHED,
}


@pytest.mark.parametrize("statement", _STATEMENTS.values(), ids=_STATEMENTS)
async def test_a_delivery_looks_its_keys_up_and_reads_no_register(owner: Database, statement: str) -> None:
    names = set(re.findall(r"(?<!:):(\w+)", statement))
    async with owner.transaction() as session:
        connection = await session.connection()
        for step in (_FILL_HEAD, _FILL_UNMATCHED, "analyze ingest.head, ingest.unmatched"):
            await connection.exec_driver_sql(step)
        plan = await sql(session, f"explain {statement}", **{name: _GIVEN[name] for name in names})
        told = "\n".join(plan.scalars())
        await session.rollback()
    assert "Seq Scan on head" not in told
    assert "Seq Scan on unmatched" not in told


_COMPARING = """
select proname, coalesce(proconfig, '{}') as settings from pg_proc
where pronamespace = 'ingest'::regnamespace and prosrc ~ 'from replaced\\s+join present'
"""


async def test_a_trigger_that_was_planned_for_no_rows_never_compares_every_row_with_every_other(
    owner: Database,
) -> None:
    """The plan of a connection's first call is kept, and the first is an upsert that replaces nothing: with a nested
    loop in it, 20,000 records that begin to wait for their subject are 400,000,000 comparisons."""
    async with owner.transaction() as session:
        found = {row.proname: row.settings for row in await sql(session, _COMPARING)}
    assert found
    assert all("enable_nestloop=off" in settings for settings in found.values()), found
