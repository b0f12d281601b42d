"""The table of the exchange is the sum of the receipts, whatever came meanwhile, and costs no look at them."""

import csv
import io
import json

from services.ingest.store.exchange import SUMS
from services.ingest.store.feeds import COUNT
from shared.db import sql
from shared.ids import new_id
from tests.ingest_desk import a_tax_record, person_headers
from tests.ingest_watch import Watched, lost_records, tax_records


async def test_the_table_is_the_sum_of_what_was_handed_in(watched: Watched) -> None:
    first = tax_records(5)
    second = [*first, *tax_records(2, 50, balance="x"), *lost_records(1, 60)]
    status = [{"uscc": a_tax_record()["uscc"], "period": "2026-10"}]
    await watched.send(first)
    await watched.send(second)
    await watched.send(status, dataset="tax_status")
    await watched.tick()
    table = await watched.own("/v1/exchange/statistics?from=2026-11-24&to=2026-11-24")
    lines = {line["dataset"]: line["counts"] for line in table["feeds"]}
    assert set(lines) == {"tax_arrears", "tax_status"}
    arrears = lines["tax_arrears"]
    counted = ("submissions", "received", "accepted", "unchanged", "rejected", "unmatched")
    assert [arrears[name] for name in counted] == [2, 13, 5, 5, 2, 1]
    assert arrears["bytes"] == sum(len(json.dumps(each, ensure_ascii=False).encode()) for each in (first, second))
    assert (table["departments_giving"], table["total"]["datasets"], table["total"]["items"]) == (1, 2, 17)
    assert table["total"]["counts"]["received"] == 14
    assert len(table["departments"]) == 14
    assert table["catalogue"] == {"departments": 14, "datasets": 43, "items": 451}
    assert {line["dataset"]: line["label"]["zh"] for line in table["feeds"]}["tax_arrears"] == "企业(个体)欠税信息"
    (taxes,) = [each for each in table["departments"] if each["department"] == "TAX"]
    assert (taxes["label"]["zh"], taxes["counts"]) == ("税务局", table["total"]["counts"])


async def test_a_span_without_deliveries_is_all_zeros(watched: Watched) -> None:
    await watched.send(tax_records(1))
    await watched.tick()
    table = await watched.own("/v1/exchange/statistics?from=2026-11-22&to=2026-11-23")
    assert (table["feeds"], table["total"]["counts"]["received"], table["total"]["counts"]["last_at"]) == ([], 0, None)


async def test_the_table_as_csv_ends_with_its_sum(watched: Watched) -> None:
    await watched.send(tax_records(3))
    await watched.tick()
    answer = await watched.door.client.get(
        "/v1/exchange/statistics?from=2026-11-24&to=2026-11-24",
        headers=person_headers("quality:read") | {"accept": "text/csv"},
    )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    (own,) = [row for row in rows if row["agency"] == watched.agency]
    assert (own["department_zh"], own["dataset"], own["received"]) == ("税务局", "tax_arrears", "3")
    assert own["dataset_zh"] == "企业(个体)欠税信息"
    assert rows[-1]["department_zh"] == "合计"
    assert int(rows[-1]["received"]) == sum(int(row["received"]) for row in rows[:-1])


async def test_what_a_long_transaction_commits_late_is_counted_once_and_not_lost(watched: Watched) -> None:
    async with watched.door.db.transaction() as slow:
        # A long import got its number early; small ones came and were committed meanwhile.
        await sql(
            slow,
            "insert into ingest.receipt (receipt_id, agency, dataset, reported_at, sha256, bytes, content_type,"
            " received, accepted, unchanged, superseded, rejected, unmatched)"
            " values (:id, :agency, 'tax_arrears', cast('2026-11-24T01:00:00Z' as timestamptz),"
            " sha256('x'), 7, 'text/csv', 500, 500, 0, 0, 0, 0)",
            id=new_id(),
            agency=watched.agency,
        )
        await watched.send(tax_records(4))
        await watched.tick()
    for _ in range(3):
        await watched.tick()
    assert (await watched.feed())["recent"]["received"] == 504


async def test_after_a_restore_into_a_new_cluster_nothing_is_counted_twice(watched: Watched) -> None:
    await watched.send(tax_records(4))
    await watched.tick()
    # The mark of a database that had seen many more transactions than this one.
    async with watched.door.db.transaction() as session:
        await sql(session, "update ingest.feed_tally set seen = '9000000000'")
    await watched.tick()
    await watched.send(tax_records(3, begin=20))
    await watched.tick()
    assert (await watched.feed())["recent"]["received"] == 7


async def test_the_statistics_never_look_at_receipts_or_records(watched: Watched) -> None:
    async with watched.door.db.transaction() as session:
        await sql(session, "set local enable_seqscan = off")
        plan = await sql(
            session,
            "explain " + SUMS,
            since="2026-01-01",
            until="2026-12-31",
            agency=None,
            dataset=None,
        )
        text = "\n".join(plan.scalars())
    assert "feed_day" in text
    assert "receipt" not in text


async def test_counting_reads_only_the_receipts_that_are_new(watched: Watched) -> None:
    async with watched.door.db.transaction() as session:
        await sql(session, "set local enable_seqscan = off")
        plan = await sql(session, "explain " + COUNT, at=None)
        text = "\n".join(plan.scalars())
    assert "receipt_by_xid" in text
    assert "Index Cond: ((xid >= " in text
