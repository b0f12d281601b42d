"""What a batch costs does not depend on how much is known already, also once its statements are prepared."""

from services.scoring import usecases
from services.scoring.rulebook import shipped
from services.scoring.store import subjects, unscored
from services.scoring.usecases import Moment
from shared.clock import local_date, now
from shared.db import Database, Session, sql
from shared.ids import new_id
from tests.scoring_events import accepted
from tests.scoring_facts import a_uscc, recent_month

# The driver prepares a statement when it comes for the sixth time; then one plan serves whatever is asked.
_UNTIL_PREPARED = 12


async def _take_in(session: Session, usccs: list[str]) -> None:
    columns = {"uscc": list(usccs), "period": [recent_month(1)] * len(usccs), "arrears": ["0.00"] * len(usccs)}
    event = accepted("tax_social_fee", list(usccs), columns)
    await usecases.take_in(session, event, Moment(now(), shipped(), new_id), lambda _subjects: False)


async def _facts_gone_through(session: Session) -> int:
    counted = "select seq_tup_read from pg_stat_xact_user_tables where relid = 'scoring.fact'::regclass"
    return int((await sql(session, counted)).scalar_one())


async def test_to_take_in_a_batch_nobody_goes_through_all_facts_that_are_known(db: Database) -> None:
    async with db.transaction() as session:
        await _take_in(session, [a_uscc() for _ in range(3000)])
    async with db.transaction() as session:
        for _ in range(_UNTIL_PREPARED):
            await _take_in(session, [a_uscc()])
        assert await _facts_gone_through(session) == 0


_FLOOD = """
insert into scoring.unscored (bucket, subjects)
select no % 256, repeat('employer', 60) from generate_series(1, 30000) as no
"""


async def test_who_catches_up_after_a_flood_does_not_go_through_what_it_has_left(db: Database) -> None:
    async with db.transaction() as session:
        await sql(session, _FLOOD)
    async with db.transaction() as session:
        await sql(session, "delete from scoring.unscored")
    uscc = a_uscc()
    async with db.transaction() as session:
        await unscored.keep(session, [("employer", uscc)])
    async with db.transaction() as session:
        before = await _times_gone_through(session)
        assert await unscored.take(session, 10) == ({("employer", uscc)}, set())
        assert await _times_gone_through(session) == before


async def _times_gone_through(session: Session) -> int:
    counted = "select seq_scan from pg_stat_xact_user_tables where relid = 'scoring.unscored'::regclass"
    return int((await sql(session, counted)).scalar_one())


_CALM = """
insert into scoring.subject (subject_id, subject_kind, rules_version, next_review_on)
select 'calm' || no, 'employer', :version, date '2099-01-01' from generate_series(1, 20000) as no
"""


async def test_nobody_goes_through_all_who_are_not_due_also_before_the_table_is_analysed(db: Database) -> None:
    book = shipped()
    async with db.transaction() as session:
        while await usecases.review(session, Moment(now(), book, new_id), 4000):
            pass
        await sql(session, _CALM, version=book.version)
    async with db.transaction() as session:
        before = await _subjects_gone_through(session)
        found = await subjects.due(session, "employer", local_date(now()), book.version, 500)
        after = await _subjects_gone_through(session)
        await sql(session, "delete from scoring.subject where subject_id like 'calm%'")
    assert found == []
    assert after - before <= len(subjects._DUE)  # an index's end each


async def _subjects_gone_through(session: Session) -> int:
    counted = """
    select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables where relid = 'scoring.subject'::regclass
    """
    return int((await sql(session, counted)).scalar_one())
