"""The database: one transaction per request or message, committed here and nowhere else."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Annotated, Any

import polars as pl
from fastapi import Depends, Request
from psycopg import AsyncConnection
from psycopg import OperationalError as DriverError
from sqlalchemy import CursorResult, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.pgbinary import Kind, copied
from shared.settings import Settings

log = logging.getLogger(__name__)

Session = AsyncSession
EVERYWHERE = "*"
NOWHERE = ""
ANNOUNCED = "announced"
# What a statement may end with when the database is away (and, some of them, when it is not: ask `answers`).
UNREACHABLE = (OperationalError, InterfaceError, DriverError, TimeoutError, PoolTimeout)
# Refused as text by PostgreSQL (a code that no text or no JSON of it can have); by the driver, before it is asked.
_NO_TEXT, _NUL = frozenset({"22021", "22P05"}), "NUL (0x00)"
_PATIENCE_S = 3
_SET_JURISDICTION = "select set_config('anxin.jurisdiction', :division, true)"


# To find the parameters of a statement takes longer than to send it: the same few hundred come again and again.
_read_once = lru_cache(maxsize=1024)(text)


def is_of_a_nul(error: DataError) -> bool:
    """Whether a statement ended because a text held a NUL, which JSON and addresses can carry and PostgreSQL cannot."""
    return getattr(error.orig, "sqlstate", None) in _NO_TEXT or _NUL in str(error.orig)


async def sql(session: Session, statement: str, **parameters: Any) -> CursorResult[Any]:
    """Run a statement written as SQL, in the session's transaction. Parameters by `:name`."""
    return await (await session.connection()).execute(_read_once(statement), parameters)


async def copy_in(session: Session, statement: str, rows: pl.DataFrame) -> None:
    """Rows into a table by `copy ... from stdin (format csv)`, in the session's transaction. Columns by position."""
    async with (await _driver(session)).cursor() as cursor, cursor.copy(statement.encode()) as copy:
        # Every text in quotes: an empty one stays a text, and only what is missing is null.
        await copy.write(rows.write_csv(include_header=False, quote_style="non_numeric").encode())


async def copy_in_binary(session: Session, statement: str, rows: pl.DataFrame, kinds: Mapping[str, Kind]) -> None:
    """The same by `copy ... from stdin (format binary)`: for those who bring thousands. Columns as `kinds` has them."""
    async with (await _driver(session)).cursor() as cursor, cursor.copy(statement.encode()) as copy:
        await copy.write(copied(rows, kinds))


async def copy_out(session: Session, statement: str, parameters: dict[str, Any]) -> bytes:
    """What a `copy ... to stdout` gives, whole, in the session's transaction. Parameters by `%(name)s`."""
    async with (await _driver(session)).cursor() as cursor, cursor.copy(statement.encode(), parameters) as copy:
        return b"".join([bytes(block) async for block in copy])


async def copy_pieces(session: Session, statement: str, parameters: dict[str, Any]) -> list[bytes]:
    """What a `copy (select one text) to stdout (format binary)` gives, in UTF-8, in the session's transaction."""
    async with (await _driver(session)).cursor() as cursor, cursor.copy(statement.encode(), parameters) as copy:
        copy.set_types(["bytea"])  # the same bytes, and nobody makes them text
        return [row[0] async for row in copy.rows()]


async def _driver(session: Session) -> AsyncConnection[Any]:
    connection: AsyncConnection[Any] | None = (
        await (await session.connection()).get_raw_connection()
    ).driver_connection
    if connection is None:
        raise RuntimeError("the session has no connection")
    return connection


class Database:
    """A pool of connections under the service's own role."""

    def __init__(self, settings: Settings) -> None:
        self.announced = asyncio.Event()  # a committed transaction left events in the outbox
        self.engine = create_async_engine(
            settings.database_dsn(),
            pool_size=settings.database_pool,
            max_overflow=0,
            pool_timeout=settings.database_wait_s,
            pool_pre_ping=True,
            hide_parameters=True,
            # Each role lives in the schema of its own name: outbox and audit are found there without naming it.
            connect_args={"options": f"-csearch_path={make_url(settings.database_url).username}"},
        )

    @asynccontextmanager
    async def transaction(self, jurisdiction: str | None = EVERYWHERE) -> AsyncIterator[Session]:
        """A session whose work is committed at the end, or undone by an error.

        `jurisdiction` is the division prefix that row-level security lets this session see: '*' for the system itself,
        '' for nobody's rows.
        """
        async with Session(self.engine, expire_on_commit=False) as session:
            async with session.begin():
                await sql(session, _SET_JURISDICTION, division=jurisdiction or NOWHERE)
                yield session
            if session.info.get(ANNOUNCED):
                self.announced.set()

    async def answers(self) -> bool:
        """Whether the database answers within a few seconds."""
        try:
            async with asyncio.timeout(_PATIENCE_S), self.engine.connect() as connection:
                await connection.execute(text("select 1"))
        except (*UNREACHABLE, OSError) as error:
            log.warning("database.unreachable", extra={"reason": repr(error)})
            return False
        return True

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()


async def _database(request: Request) -> Database:
    database: Database = request.app.state.runtime.db
    return database


async def _request_transaction(request: Request) -> AsyncIterator[Session]:
    jurisdiction = getattr(request.state, "jurisdiction", NOWHERE)
    async with request.app.state.runtime.db.transaction(jurisdiction) as session:
        yield session


# scope="function" commits before the response is sent; FastAPI's default commits after it.
SessionDep = Annotated[Session, Depends(_request_transaction, scope="function")]
# For the few routes with slow work between two transactions: whoever waits holds no connection meanwhile.
DatabaseDep = Annotated[Database, Depends(_database)]
