"""The audit log is append-only by privilege and tamper-evident by its chain."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.exc import ProgrammingError

from local import postgres as local_postgres
from shared import audit
from shared.db import Database, sql
from tests.conftest import SettingsOf


@pytest.fixture
async def db(settings_of: SettingsOf) -> AsyncIterator[Database]:
    database = Database(settings_of("scoring"))
    yield database
    await database.close()


async def test_entries_written_at_the_same_time_still_form_one_chain(db: Database) -> None:
    async def write(number: int) -> None:
        async with db.transaction() as session:
            await audit.record(session, "tester", "tried", f"thing {number}", {"number": number, "字": "薪"})

    await asyncio.gather(*(write(number) for number in range(8)))
    async with db.transaction() as session:
        assert await audit.broken_at(session) is None


@pytest.mark.parametrize("forbidden", ["update audit set actor = 'nobody'", "delete from audit", "truncate audit"])
async def test_the_services_own_role_can_neither_change_nor_delete_an_entry(db: Database, forbidden: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with db.transaction() as session:
            await sql(session, forbidden)


async def test_an_entry_changed_behind_the_back_of_the_log_is_found(
    db: Database, postgres: local_postgres.Cluster
) -> None:
    async with db.transaction() as session:
        await audit.record(session, "tester", "tried", "a thing", {})
        await audit.record(session, "tester", "tried", "another thing", {})
        last = (await sql(session, "select max(seq) from audit")).scalar_one()
    with postgres.connect() as superuser:
        superuser.execute("update scoring.audit set actor = 'somebody else' where seq = %s", [last - 1])
        async with db.transaction() as session:
            assert await audit.broken_at(session) == last - 1
        superuser.execute("update scoring.audit set actor = 'tester' where seq = %s", [last - 1])
    async with db.transaction() as session:
        assert await audit.broken_at(session) is None


@pytest.mark.parametrize("forbidden", ["create table x (a int)", "drop table audit", "select * from alerts.audit"])
async def test_a_services_role_has_rows_in_its_own_schema_and_nothing_else(db: Database, forbidden: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner|does not exist"):
        async with db.transaction() as session:
            await sql(session, forbidden)
