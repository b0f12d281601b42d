"""What a full list costs grows with the list and its register: not with their product, nor with other registers."""

from datetime import UTC, datetime

import pytest

from services.ingest.models import Receipt, Snapshot
from services.ingest.store import snapshots
from shared.db import Database, Session, sql

_LIST, _OTHER, _RECEIPT = (f"01993a9e-7e00-7000-8000-00000000000{last}" for last in (1, 2, 3))
_AT, _PREFIX = datetime(2026, 11, 5, tzinfo=UTC), "abcdef01"
# One record in fifty is of the register.
_HEADS = """
insert into ingest.head (key, dataset, subject, row_hash, source_time, receipt_id, row_no)
select cast(case when n % 50 = 0 then :prefix else left(md5(n::text), 8) end || right(md5(n::text), 24) as uuid),
    'tax_arrears', 'x', md5(n::text)::uuid, now(), :receipt, n from generate_series(1, 100000) as n
"""
_NAMED = "insert into ingest.snapshot_key (snapshot_id, key) select cast(:list as uuid), key from ingest.head"
_LOOK = "analyze ingest.head, ingest.unmatched, ingest.receipt, ingest.snapshot_key"


@pytest.mark.parametrize("statement", [snapshots._COMPARE, snapshots._END], ids=["compare", "end"])
async def test_a_list_is_never_compared_record_by_record_and_reads_its_own_register_alone(
    owner: Database, statement: str
) -> None:
    async with owner.transaction() as session:
        full = await _a_list_nobody_has_looked_at(session)
        told = "\n".join((await snapshots._read_whole(session, f"explain {statement}", full)).scalars())
        after = (await sql(session, "show enable_nestloop")).scalar_one()
        await session.rollback()
    assert "Nested Loop" not in told
    assert "Seq Scan on head" not in told
    assert after == "on"


async def _a_list_nobody_has_looked_at(session: Session) -> Snapshot:
    """When the planner looked last, all keys that were named were of another list."""
    counts = {"received": 1, "accepted": 1, "unchanged": 0, "superseded": 0, "rejected": 0, "unmatched": 0, "bytes": 1}
    words = {"agency": "tax", "dataset": "tax_arrears"}
    told = {"reported_at": _AT, "sha256": bytes(32), "content_type": "text/csv"}
    session.add(Receipt.model_validate({"receipt_id": _RECEIPT, **told, **words, **counts}))
    await session.flush()
    await sql(session, _HEADS, prefix=_PREFIX, receipt=_RECEIPT)
    await sql(session, _NAMED, list=_OTHER)
    await sql(session, _LOOK)
    await sql(session, _NAMED, list=_LIST)
    return Snapshot.model_validate(
        {"snapshot_id": _LIST, "prefix": _PREFIX, "month": "", "as_of": _AT, "opened_at": _AT, **words}
    )
