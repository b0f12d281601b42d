"""The way back from a pseudonym ends when no dataset that named it needs it: one row a dataset, with its last day."""

from alembic import op

revision = "ingest_identity_retention"
down_revision = "ingest_connectors"
branch_labels = None
depends_on = None

# `*` stands for whatever named them before this was noted: the longest term of any dataset holds.
# The function waits for submissions under way, and lets no new one note a name meanwhile: else a number could go in the
# very moment in which it is sent again. Whatever it is told, it leaves what was named in the last half year.
STATEMENTS = """
create table ingest.identity_use (
    pseudonym text not null,
    dataset text not null,
    last_on date not null,
    primary key (pseudonym, dataset)
);
create index identity_use_by_day on ingest.identity_use (last_on);
comment on table ingest.identity_use is 'append-only but for its last day: which datasets named whom, and when last';
insert into ingest.identity_use (pseudonym, dataset, last_on)
select pseudonym, '*', (kept_at at time zone 'Asia/Shanghai')::date from ingest.identity;

create function ingest.note_identity_use(pseudonyms text[], of_dataset text, on_day date) returns void
language sql security definer set search_path = ingest, pg_temp as $$
    insert into ingest.identity_use as known (pseudonym, dataset, last_on)
    select given.pseudonym, of_dataset, on_day from unnest(pseudonyms) as given(pseudonym)
    where not exists (
        select from ingest.identity_use held
        where held.pseudonym = given.pseudonym and held.dataset = of_dataset and held.last_on >= on_day
    )
    order by 1
    on conflict (pseudonym, dataset) do update set last_on = greatest(known.last_on, excluded.last_on)
$$;
revoke all on function ingest.note_identity_use from public;
grant execute on function ingest.note_identity_use to ingest;

create function ingest.purge_identities(datasets text[], cutoffs date[], most int)
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
        select said.value as pseudonym from ingest.unmatched, jsonb_each_text(unmatched.record) as said
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
revoke all on function ingest.purge_identities from public;
grant execute on function ingest.purge_identities to ingest;
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)
