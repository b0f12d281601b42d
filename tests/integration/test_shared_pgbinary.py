"""What is sent in PostgreSQL's binary formats comes back as it was."""

from datetime import UTC, datetime
from uuid import UUID

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.db import Database, copy_in_binary, sql
from shared.pgbinary import Kind, copied, uuids

KINDS = {
    "id": Kind.UUID,
    "name": Kind.TEXT,
    "no": Kind.INT4,
    "at": Kind.TIMESTAMPTZ,
    "body": Kind.JSONB,
    "same": Kind.TEXT,
}
SCHEMA: dict[str, pl.DataType] = {
    "id": pl.String(),
    "name": pl.String(),
    "no": pl.Int64(),
    "at": pl.Datetime("us", "UTC"),
    "body": pl.String(),
    "same": pl.String(),
}
_TABLE = (
    "create temporary table kept (id uuid, name text, no int, at timestamptz, body jsonb, same text) on commit drop"
)
_COPY = "copy kept from stdin (format binary)"

texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(lambda each: each.replace(tzinfo=UTC, fold=0))  # noqa: DTZ001
bodies = st.one_of(st.none(), st.sampled_from(['{"a": 1}', '{"名称": "某某公司"}', "[]", '"x"']))
rows = st.lists(
    st.tuples(st.uuids().map(lambda each: each.hex), texts, st.integers(-(2**31), 2**31 - 1), moments, bodies),
    max_size=6,
)


@given(rows)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
async def test_rows_come_back_as_they_were(owner: Database, told: list[tuple[object, ...]]) -> None:
    frame = pl.DataFrame([(*row, "同") for row in told], schema=SCHEMA, orient="row")
    async with owner.transaction() as session:
        await sql(session, _TABLE)
        await copy_in_binary(session, _COPY, frame, KINDS)
        found = await sql(session, "select replace(id::text, '-', ''), name, no, at, body::text, same from kept")
        assert sorted(map(repr, found)) == sorted(repr((*row, "同")) for row in told)


@given(st.lists(st.uuids(), max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
async def test_an_array_of_uuids_is_read_in_its_order(owner: Database, ids: list[UUID]) -> None:
    column = pl.Series("ids", [each.hex for each in ids], dtype=pl.String)
    async with owner.transaction() as session:
        found = await sql(session, "select * from unnest(cast(:ids as uuid[]))", ids=uuids(column))
        assert list(found.scalars()) == ids


@pytest.mark.parametrize("missing", ["id", "no", "at"])
def test_what_must_be_there_is_not_sent_as_nothing(missing: str) -> None:
    whole = {"id": "0" * 32, "name": "", "no": 1, "at": datetime(2026, 1, 1, tzinfo=UTC), "body": "{}", "same": ""}
    with pytest.raises(ValueError, match=missing):
        copied(pl.DataFrame([whole | {missing: None}], schema=SCHEMA), KINDS)
    with pytest.raises(ValueError, match="ids"):
        uuids(pl.Series("ids", ["0" * 32, None]))
