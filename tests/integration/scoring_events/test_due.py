"""Everyone may be due at once, by a new version of the rules: a batch costs a batch, and no one is forgotten."""

import asyncio

import pytest

from services.scoring.review import review_once
from services.scoring.store import subjects
from shared.clock import today
from shared.db import Database, sql
from tests.scoring_facts import a_uscc

_FILL = """
insert into scoring.subject (subject_kind, subject_id, rules_version, next_review_on)
select 'employer', 'due-' || n, 'v' || n % 3, current_date - 1 from generate_series(1, 20000) as n
"""


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


async def test_two_reviewers_share_whoever_is_due_by_an_unknown_version_of_the_rules(db: Database) -> None:
    codes = [a_uscc() for _ in range(6)]
    async with db.transaction() as session:
        for code, version in zip(codes, ("0", "~") * 3, strict=True):
            statement = (
                "insert into scoring.subject (subject_kind, subject_id, rules_version) values ('employer', :c, :v)"
            )
            await sql(session, statement, c=code, v=version)

    async def review() -> None:
        while await review_once(db, 2):
            pass

    await asyncio.gather(review(), review())
    async with db.transaction() as session:
        left = "select count(*) from scoring.subject where subject_id = any(:codes) and rules_version in ('0', '~')"
        assert (await sql(session, left, codes=codes)).scalar_one() == 0
