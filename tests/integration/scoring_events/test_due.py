"""Everyone may be due at once: a batch costs a batch, no one is forgotten, and of the calm only the day is written."""

import asyncio

import pytest

from services.scoring import usecases
from services.scoring.consumers import consumer
from services.scoring.review import review_once
from services.scoring.rulebook import shipped
from services.scoring.store import facts, subjects
from shared.clock import now, today
from shared.db import Database, sql
from shared.ids import new_id
from tests.scoring_events import accepted, announced, history, registration, social_fee, subject
from tests.scoring_facts import a_uscc

_FILL = """
insert into scoring.subject (subject_kind, subject_id, rules_version, next_review_on)
select 'employer', 'due-' || n, 'v' || n % 3, current_date - 1 from generate_series(1, 20000) as n
"""

_ONE = "insert into scoring.subject (subject_kind, subject_id, rules_version) values ('employer', :code, :version)"


@pytest.mark.parametrize("look", subjects._DUE, ids=["time", "older", "newer"])
async def test_who_is_due_is_found_by_an_index_that_is_not_read_to_its_end(owner: Database, look: str) -> None:
    given = {"kind": "employer", "today": today(), "rules_version": "v1", "most": 500}
    async with owner.transaction() as session:
        await sql(session, _FILL)
        await sql(session, "analyze scoring.subject")
        told = "\n".join((await sql(session, f"explain {look}", **given)).scalars())
        await session.rollback()
    assert "Index Scan using subject_" in told
    assert "Sort" not in told


@pytest.mark.parametrize(
    ("look", "version"), [(subjects._DUE[0], None), (subjects._DUE[1], "v0")], ids=["time", "older"]
)
async def test_of_those_that_are_due_alike_neighbours_are_taken_together(
    owner: Database, look: str, version: str | None
) -> None:
    """Their facts lie together: each page is read once, not once for every batch."""
    given = {"kind": "employer", "today": today(), "rules_version": "v1", "most": 500}
    of_version = "select subject_id from scoring.subject where rules_version = coalesce(:version, rules_version)"
    async with owner.transaction() as session:
        await sql(session, "delete from scoring.subject")
        await sql(session, _FILL)
        await sql(session, "analyze scoring.subject")
        found = (await sql(session, look, **given)).scalars().all()
        everyone = (await sql(session, of_version + " order by subject_id limit 500", version=version)).scalars().all()
        await session.rollback()
    assert found == everyone


async def test_two_reviewers_share_whoever_is_due_by_an_unknown_version_of_the_rules(db: Database) -> None:
    codes = [a_uscc() for _ in range(6)]
    async with db.transaction() as session:
        for code, version in zip(codes, ("0", "~") * 3, strict=True):
            await sql(session, _ONE, code=code, version=version)

    async def review() -> None:
        while await review_once(db, 2):
            pass

    await asyncio.gather(review(), review())
    async with db.transaction() as session:
        left = "select count(*) from scoring.subject where subject_id = any(:codes) and rules_version in ('0', '~')"
        assert (await sql(session, left, codes=codes)).scalar_one() == 0


async def _review_and_fail(db: Database) -> None:
    async with db.transaction() as session:
        await usecases.review(session, await usecases.moment(session, now(), new_id), 500)
        raise ConnectionAbortedError


async def test_a_review_that_is_cut_off_loses_nobody_and_says_nothing_twice(db: Database) -> None:
    uscc = a_uscc()
    async with db.transaction() as session:
        moment = await usecases.moment(session, now(), new_id)
        await usecases.take_in(session, social_fee(uscc, 3), moment, lambda _subjects: False)
        await sql(session, _ONE, code=uscc, version="0")
    with pytest.raises(ConnectionAbortedError):
        await _review_and_fail(db)
    assert (await history(db, uscc), await announced(db, uscc)) == ([], [])
    while await review_once(db, 500):
        pass
    assert (await history(db, uscc), len(await announced(db, uscc))) == (["orange"], 1)


async def test_of_who_stands_as_he_stood_only_the_day_is_written(db: Database) -> None:
    uscc = a_uscc()
    await consumer.deliver(registration(uscc), db)
    before, lines = await subject(db, uscc), await history(db, uscc)
    async with db.transaction() as session:
        await subjects.make_due(session, "employer", [uscc], today())
    while await review_once(db, 500):
        pass
    after = await subject(db, uscc)
    assert after.pop("reviewed_at") > before.pop("reviewed_at")
    assert after == before
    assert await history(db, uscc) == lines


async def test_what_a_batch_reads_is_what_was_kept_whatever_stands_in_it(db: Database) -> None:
    odd = 'a,"b"\n\x1e\x1e\\{}\t\x1f, 甲'
    codes: list[str | None] = [a_uscc() for _ in range(120)]
    event = accepted(
        "samr_entity", codes, {"ent_name": [f"{odd}{code}" for code in codes]}, keys=[f"{odd}{code}" for code in codes]
    )
    await consumer.deliver(event, db)
    datasets = shipped().of_subject("employer")
    async with db.transaction() as session:
        found = await facts.newest(session, "employer", [f"{code}" for code in codes], datasets, now())
    assert sorted(found["key"]) == sorted(f"{odd}{code}" for code in codes)
    assert found["body"].str.json_path_match("$.ent_name").to_list() == found["key"].to_list()
    assert set(found["source_time"]) == set(event.frame()["#source_time"])
    assert set(found["reported_at"]) == {event.reported_at}
