"""What a sender says of a large file, his signature over it, and the end of its pieces."""

from alembic import op

revision = "ingest_import_statements"
down_revision = "ingest_subject_places"
branch_labels = None
depends_on = None

# The pieces of what was taken in, or refused, are the raw file: the service's role may not delete them. One function
# forgets files that were given up on their way, the other files whose retention has ended.
STATEMENTS = """
alter table ingest.import
    add column corrects uuid,
    add column part_of uuid,
    add column as_of timestamptz,
    add column month text,
    add column keyless int not null default 0,
    add column announced_sha256 bytea check (length(announced_sha256) = 32),
    add column evidence jsonb,
    add column purged_at timestamptz,
    add check (num_nonnulls(corrects, part_of, as_of) <= 1 and (month is null or as_of is not null));
comment on column ingest.import.part_of is 'the open list that the file is a part of; as_of: it is all of one';
comment on column ingest.import.keyless is 'rows of a full list so far whose key could not be read';
comment on column ingest.import.evidence is 'the sender''s signature over what the file is to hash to';
create index import_of_list on ingest.import (part_of) where part_of is not null;
create index import_kept on ingest.import (dataset, reported_at)
    where state in ('done', 'refused', 'failed') and purged_at is null;

comment on table ingest.import_piece is
    'append-only: the file of an import as it came, kept in pieces (zstd, AES-256-GCM)';

create function ingest.forget_pieces(imports uuid[]) returns void
language sql security definer set search_path = ingest, pg_temp as $$
    delete from ingest.import_piece using ingest.import as one
    where import_piece.import_id = any(imports) and one.import_id = import_piece.import_id
        and one.state in ('withdrawn', 'expired')
        and not exists (select from ingest.receipt where receipt.receipt_id = one.import_id)
$$;

create function ingest.purge_pieces(datasets text[], cutoffs timestamptz[], most int)
returns table (sha256 bytea, bytes bigint, dataset text)
language sql security definer set search_path = ingest, pg_temp as $$
    with due as (
        select given.dataset, least(given.cutoff, now() - interval '6 months') as cutoff
        from unnest(datasets, cutoffs) as given(dataset, cutoff)
    ), past as (
        select one.import_id from ingest.import as one join due using (dataset)
        where one.state in ('done', 'refused', 'failed') and one.purged_at is null and one.reported_at < due.cutoff
        limit most for update of one skip locked
    ), gone as (
        delete from ingest.import_piece using past where import_piece.import_id = past.import_id
    )
    update ingest.import as one set purged_at = now() from past where one.import_id = past.import_id
    returning coalesce(one.sha256, ''), one.length, one.dataset
$$;
revoke all on function ingest.forget_pieces, ingest.purge_pieces from public;
grant execute on function ingest.forget_pieces, ingest.purge_pieces to ingest;
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)
