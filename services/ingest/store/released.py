"""Waiting records that have found their subject: states of their records as if just come, newest or older."""

from typing import Any

import polars as pl

from services.ingest.store.registry import as_json
from shared.db import Session, sql

# As in heads.py: newest source time, then newest receipt. What comes behind a newer state is past; both are told.
_RELEASE = """
with given as (
    select * from jsonb_to_recordset(cast(:rows as jsonb))
        as given (key uuid, subject_id text, method text, link_id uuid, merger_id uuid, receipt_id uuid)
), taken as (
    delete from ingest.unmatched using given
    where unmatched.key = given.key and unmatched.receipt_id = given.receipt_id
    returning unmatched.*, given.subject_id, given.method, given.link_id, given.merger_id
), kept as (
    insert into ingest.head as held (key, dataset, subject, row_hash, source_time, receipt_id, row_no)
    select key, dataset, subject_id, row_hash, source_time, receipt_id, row_no from taken order by key
    on conflict (key) do update set row_hash = excluded.row_hash, source_time = excluded.source_time,
        receipt_id = excluded.receipt_id, row_no = excluded.row_no, subject = excluded.subject
    where held.row_hash <> excluded.row_hash
        and (held.source_time, held.receipt_id) <= (excluded.source_time, excluded.receipt_id)
    returning key, nullif(old.subject, new.subject) as left_subject
), behind as materialized (
    select taken.*, nullif(held.subject, taken.subject_id) as left_subject from taken join ingest.head held using (key)
    where held.row_hash <> taken.row_hash
        and (held.source_time, held.receipt_id) > (taken.source_time, taken.receipt_id)
), past as (
    insert into ingest.past_state (key, subject, row_hash, source_time, receipt_id, row_no)
    select key, subject_id, row_hash, source_time, receipt_id, row_no from behind order by key
    on conflict do nothing
), noted_past as (
    insert into ingest.past_linked (key, link_id, merger_id, subject_id, method, dataset, agency, natural_key, at,
        written, name, row_hash, source_time, receipt_id, row_no, record)
    select key, link_id, merger_id, subject_id, method, dataset, agency, natural_key, at, written, name, row_hash,
        source_time, receipt_id, row_no, record
    from behind order by key
    on conflict do nothing
), told as (
    select key, left_subject from kept union all select key, left_subject from behind
), noted as (
    insert into ingest.linked as held (key, link_id, merger_id, subject_id, method, dataset, agency, natural_key, at,
        written, name, row_hash, source_time, receipt_id, row_no, record)
    select key, link_id, merger_id, subject_id, method, dataset, agency, natural_key, at, written, name, row_hash,
        source_time, receipt_id, row_no, record
    from taken join kept using (key)
    on conflict (key) do update set link_id = excluded.link_id, merger_id = excluded.merger_id,
        subject_id = excluded.subject_id, method = excluded.method, at = excluded.at, written = excluded.written,
        name = excluded.name, row_hash = excluded.row_hash, source_time = excluded.source_time,
        receipt_id = excluded.receipt_id, row_no = excluded.row_no, record = excluded.record
), back as (
    delete from ingest.unlinked using taken join kept using (key)
    where unlinked.key = taken.key and unlinked.subject_id = taken.subject_id
    returning unlinked.key, unlinked.undo_id, unlinked.row_no
)
select taken.key::text, taken.receipt_id, taken.agency, taken.dataset, receipt.reported_at, taken.subject_id,
    taken.natural_key, taken.row_no, taken.source_time, taken.record, taken.at, taken.written,
    (select jsonb_agg(jsonb_build_array(undo_id, back.row_no)) from back where back.key = taken.key) as undone,
    told.left_subject
from taken join told using (key) join ingest.receipt using (receipt_id)
order by taken.receipt_id, taken.row_no
"""


async def release(session: Session, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Let records (key, subject_id, method, link_id, merger_id, receipt_id) go to their subjects.

    Returns those that are news, in the order of receipt and row.
    """
    return [dict(row) for row in (await sql(session, _RELEASE, rows=as_json(rows))).mappings()]
