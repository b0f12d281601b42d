"""What is known of employers and accounts: learned by column, looked up in one statement a batch."""

import json
from typing import Any

import polars as pl

from services.ingest.matching import EVIDENCE, Lessons
from services.ingest.matching.deciding import MOST_FOUND
from shared.clock import now
from shared.db import Session, sql
from shared.ids import new_id

TAKEN_BACK = "据以关联的记录已撤回或更正 What taught it was taken back or corrected"

# `since` null is since ever. A new lesson makes the questions due that wait for it.
_LEARN_EMPLOYERS = """
with learned as (
    insert into ingest.known_employer as known
        (kind, value, subject_id, division, since, until, official, told, region, form, grams, taught_by, confirmed_by)
    select kind, value, subject_id, division, since, until, official, told, region, form, string_to_array(grams, ' '),
        taught_by, confirmed_by
    from jsonb_to_recordset(cast(:lessons as jsonb)) as given (kind text, value text, subject_id text, division text,
        since timestamptz, until timestamptz, official boolean, told text, region text, form text, grams text,
        taught_by uuid, confirmed_by uuid)
    order by kind, value, subject_id, division
    on conflict (kind, value, subject_id, division) do update set
        since = case when known.since is null or excluded.since is null then null
            else least(known.since, excluded.since) end,
        until = greatest(known.until, excluded.until),
        official = known.official or excluded.official,
        confirmed_by = coalesce(known.confirmed_by, nullif(excluded.taught_by, known.taught_by), excluded.confirmed_by)
    where (known.since is not null and (excluded.since is null or excluded.since < known.since))
        or (excluded.until is not null and (known.until is null or excluded.until > known.until))
        or (excluded.official and not known.official)
        or (known.confirmed_by is null and coalesce(excluded.confirmed_by, excluded.taught_by) <> known.taught_by)
    returning kind, value,
        (old.since, old.until, old.official) is distinct from (new.since, new.until, new.official) as is_news
)
update ingest.question set due_after = '00000000-0000-0000-0000-000000000000'
from ingest.question_clue clue join learned using (kind, value)
where learned.is_news and question.question_id = clue.question_id and clue.scope = ''
"""

# The holder before says the same: nothing new, but he is confirmed by another record.
_LEARN_ACCOUNTS = """
with given as materialized (
    select given.*, before.since as held_since, before.subject_id as holder
    from jsonb_to_recordset(cast(:lessons as jsonb)) as given (scope text, account text, since timestamptz,
        subject_id text, taught_by uuid, confirmed_by uuid)
    left join lateral (
        select held.since, max(held.subject_id) as subject_id from ingest.known_account held
        where held.scope = given.scope and held.account = given.account and held.since = (
            select max(before.since) from ingest.known_account before
            where before.scope = given.scope and before.account = given.account and before.since <= given.since
        )
        group by held.since having count(*) = 1
    ) before on true
), learned as (
    insert into ingest.known_account (scope, account, since, subject_id, taught_by, confirmed_by)
    select scope, account, since, subject_id, taught_by, confirmed_by from given
    where subject_id is distinct from holder
    order by scope, account, since, subject_id
    on conflict do nothing
    returning scope, account
), again as materialized (
    select held.scope, held.account, held.since, held.subject_id,
        coalesce(nullif(given.taught_by, held.taught_by), given.confirmed_by) as confirmed_by
    from given join ingest.known_account held on held.scope = given.scope and held.account = given.account
        and held.since = given.held_since and held.subject_id = given.holder
    where given.subject_id = given.holder and held.confirmed_by is null
        and coalesce(given.confirmed_by, given.taught_by) <> held.taught_by
    for update of held skip locked
), confirmed as (
    update ingest.known_account held set confirmed_by = again.confirmed_by from again
    where (held.scope, held.account, held.since, held.subject_id)
        = (again.scope, again.account, again.since, again.subject_id)
)
update ingest.question set due_after = '00000000-0000-0000-0000-000000000000'
from ingest.question_clue clue join learned on clue.kind = 'account' and clue.scope = learned.scope
    and clue.value = learned.account
where question.question_id = clue.question_id
"""

# A record that names another successor than before corrects itself.
_LEARN_MERGERS = """
with given as materialized (
    select * from jsonb_to_recordset(cast(:lessons as jsonb))
        as given (link_id uuid, value text, subject_id text, since timestamptz, taught_by uuid)
), wrong as (
    update ingest.link held set undone_at = :at, undone_by = 'system', undo_reason = :reason from given
    where held.kind = 'merger' and held.scope = '' and held.value = given.value and held.undone_at is null
        and held.taught_by = given.taught_by and held.subject_id <> given.subject_id
    returning held.link_id
), confirmed as (
    update ingest.link held set confirmed_by = given.taught_by from given
    where held.kind = 'merger' and held.scope = '' and held.value = given.value and held.undone_at is null
        and held.subject_id = given.subject_id and held.confirmed_by is null and held.taught_by <> given.taught_by
)
insert into ingest.link
    (link_id, method, kind, scope, value, division, subject_id, since, made_at, made_by, taught_by)
select link_id, 'merger', 'merger', '', value, '', subject_id, since, :at, 'registry', taught_by from given
where not exists (
    select from ingest.link held where held.kind = 'merger' and held.scope = '' and held.value = given.value
        and held.undone_by is distinct from 'system' and held.link_id not in (select link_id from wrong)
)
on conflict do nothing
"""

# A name that the register gave begins with its day if there was one before, and ends when the next begins.
_LOOK_UP = """
with clue as (
    select * from unnest(cast(:kinds as text[]), cast(:scopes as text[]), cast(:values as text[]))
        as clue (kind, scope, value)
), found as (
    select 'known' as source, clue.kind, clue.scope, clue.value, known.division, known.subject_id,
        case when known.official and exists (
            select from ingest.known_employer before
            where before.subject_id = known.subject_id and before.kind = known.kind and before.official
                and coalesce(before.since, '-infinity') < known.since
        ) then known.since end as since,
        coalesce(known.until, (
            select min(after.since) from ingest.known_employer after
            where after.subject_id = known.subject_id and after.kind = known.kind and after.official
                and after.since > coalesce(known.since, '-infinity')
                and (after.value, after.division) <> (known.value, known.division)
        )) as until,
        known.region, known.form, null::uuid as link_id
    from clue cross join lateral (
        select * from ingest.known_employer held
        where held.kind = clue.kind and held.value = clue.value limit :most
    ) known
    where clue.scope = ''
    union all
    select 'known', clue.kind, clue.scope, clue.value, '', known.subject_id, known.since, null, null, null, null
    from clue join ingest.known_account known on known.scope = clue.scope and known.account = clue.value
    where clue.kind = 'account'
    union all
    select case when link.method = 'manual' then 'answer' else 'barred' end, link.kind, link.scope, link.value,
        link.division, link.subject_id, coalesce(link.since, link.made_at), null, null, null, link.link_id
    from clue join ingest.link using (kind, scope, value)
    where (link.method = 'manual') = (link.undone_at is null) and link.undone_by is distinct from 'system'
)
select found.source, found.kind, found.scope, found.value, found.division, found.subject_id, found.since, found.until,
    found.region, found.form, found.link_id::text, merger.subject_id, merger.since, merger.link_id::text
from found left join ingest.link merger on merger.kind = 'merger' and merger.scope = ''
    and merger.value = found.subject_id and merger.undone_at is null
"""


async def learn(session: Session, lessons: Lessons) -> None:
    """Keep what records taught; what is known already costs a look into an index."""
    if len(lessons.employers):
        texts = lessons.employers.with_columns(pl.col("grams").list.join(" "))
        await sql(session, _LEARN_EMPLOYERS, lessons=as_json(texts))
    if len(lessons.accounts):
        await sql(session, _LEARN_ACCOUNTS, lessons=as_json(lessons.accounts))
    if len(lessons.mergers):
        ids = pl.Series("link_id", [str(new_id()) for _ in range(len(lessons.mergers))])
        told = as_json(lessons.mergers.with_columns(ids))
        await sql(session, _LEARN_MERGERS, lessons=told, at=now(), reason=TAKEN_BACK)


async def look_up(session: Session, clues: pl.DataFrame) -> pl.DataFrame:
    """EVIDENCE for these clues (CLUES)."""
    asked = clues.select("kind", "scope", "value").unique()
    if asked.is_empty():
        return pl.DataFrame(schema=EVIDENCE)
    columns = {f"{name}s": asked.get_column(name).to_list() for name in asked.columns}
    found = await sql(session, _LOOK_UP, most=MOST_FOUND, **columns)
    return pl.DataFrame([tuple(row) for row in found], schema=EVIDENCE, orient="row")


def as_json(rows: pl.DataFrame) -> str:
    """Rows as a JSON array, for statements that take records; moments in ISO 8601."""
    moments = [name for name, kind in rows.schema.items() if isinstance(kind, pl.Datetime)]
    return rows.with_columns(pl.col(moments).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")).write_json()


def from_json(text: Any) -> Any:
    """A JSON value that the driver gives as text or as a value."""
    return json.loads(text) if isinstance(text, str) else text
