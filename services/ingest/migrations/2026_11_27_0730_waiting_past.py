"""What waited and was replaced by a newer state of its record waits again when that one is taken back."""

from alembic import op

revision = "ingest_waiting_past"
down_revision = "ingest_taught_by"
branch_labels = None
depends_on = None

STATEMENTS = """
create table ingest.past_unmatched (like ingest.unmatched);
alter table ingest.past_unmatched add primary key (key, source_time, receipt_id, row_no);
create index past_unmatched_by_receipt on ingest.past_unmatched (receipt_id);
comment on table ingest.past_unmatched is
    'states of records that waited for their subject and are not the newest; without P2, P3 as pseudonym';

-- A trigger, as for head: no way of replacing one may forget it.
create function ingest.keep_past_unmatched() returns trigger language plpgsql as $$
begin
    insert into ingest.past_unmatched select replaced.* from replaced
    join present using (key)
    where (replaced.receipt_id, replaced.row_no) <> (present.receipt_id, present.row_no)
    on conflict do nothing;
    return null;
end $$;
create trigger past_unmatched after update on ingest.unmatched
    referencing old table as replaced new table as present
    for each statement execute function ingest.keep_past_unmatched();

create or replace function ingest.purge_identities(datasets text[], cutoffs date[], most int)
returns table (pseudonym text, purpose text)
language plpgsql security definer set search_path = ingest, pg_temp as $$
#variable_conflict use_column
begin
    set local lock_timeout = '5s';
    lock table ingest.identity_use in share row exclusive mode;
    return query
    with due as (
        select given.dataset, least(given.cutoff, (now() - interval '6 months')::date) as cutoff
        from unnest(datasets, cutoffs) as given(dataset, cutoff)
    ), old as (
        select distinct held.pseudonym from ingest.identity_use held join due using (dataset)
        where held.last_on <= due.cutoff and held.last_on <= (select max(cutoff) from due)
    ), past as (
        select old.pseudonym from old
        where not exists (
            select from ingest.identity_use held left join due using (dataset)
            where held.pseudonym = old.pseudonym and (due.cutoff is null or held.last_on > due.cutoff)
        )
        limit most
    ), waiting as (
        select said.value as pseudonym from (
            select record from ingest.unmatched union all select record from ingest.past_unmatched
        ) as held, jsonb_each_text(held.record) as said
        where said.value in (select past.pseudonym from past)
    ), gone as (
        delete from ingest.identity one using past
        where one.pseudonym = past.pseudonym and one.pseudonym not in (select waiting.pseudonym from waiting)
        returning one.pseudonym, one.purpose
    ), unnoted as (
        delete from ingest.identity_use held using gone where held.pseudonym = gone.pseudonym
    )
    select gone.pseudonym, gone.purpose from gone;
end $$;
"""


def upgrade() -> None:
    """Create it."""
    op.execute(STATEMENTS)
