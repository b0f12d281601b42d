"""Raw files may go when their retention ends, and in no other way: by a function that the table's owner runs."""

from alembic import op

revision = "ingest_retention"
down_revision = "ingest_head_subject"
branch_labels = None
depends_on = None

# The service's role may not delete from body. The function deletes only files of which every receipt was reported
# before its dataset's cutoff, and, whatever it is told, none that is younger than half a year.
STATEMENTS = """
create index receipt_by_file on ingest.receipt (sha256);
create index sender_signature_by_file on ingest.sender_signature (sent_sha256);

create view ingest.body_use as
select sha256, receipt_id, dataset, reported_at from ingest.receipt
union all
select signature.sent_sha256, receipt.receipt_id, receipt.dataset, receipt.reported_at
from ingest.sender_signature signature join ingest.receipt using (receipt_id);
comment on view ingest.body_use is 'which receipts a raw file belongs to; a packed one by its sender''s signature';

create function ingest.purge_bodies(datasets text[], cutoffs timestamptz[], most int)
returns table (sha256 bytea, bytes bigint, dataset text)
language sql security definer set search_path = ingest, pg_temp as $$
    with due as (
        select given.dataset, least(given.cutoff, now() - interval '6 months') as cutoff
        from unnest(datasets, cutoffs) as given(dataset, cutoff)
    ), past as (
        select body.sha256 from ingest.body
        where body.kept_at < (select max(cutoff) from due)
            and exists (select from ingest.body_use where body_use.sha256 = body.sha256)
            and not exists (
                select from ingest.body_use left join due using (dataset)
                where body_use.sha256 = body.sha256 and (due.cutoff is null or body_use.reported_at >= due.cutoff)
            )
        limit most
    ), gone as (
        delete from ingest.body using past where body.sha256 = past.sha256 returning body.sha256, body.bytes
    )
    select gone.sha256, gone.bytes,
        (select min(body_use.dataset) from ingest.body_use where body_use.sha256 = gone.sha256)
    from gone
$$;
revoke all on function ingest.purge_bodies from public;
grant execute on function ingest.purge_bodies to ingest;
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)
