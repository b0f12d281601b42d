"""An objection against an entry of the list has its term, and who reads the list of cases is on record."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from shared.calendar import add_working_days
from shared.clock import today
from shared.db import sql
from tests.conftest import SettingsOf
from tests.credit_office import Office, credit_settings, open_office, overdue


@pytest.fixture
async def office(settings_of: SettingsOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    clock = tmp_path / "clock"
    clock.write_text("0")
    monkeypatch.setenv("ANXIN_CLOCK_FILE", str(clock))
    issuer_key = ECKey.generate_key("P-256", auto_kid=True)
    async with open_office(credit_settings(settings_of("credit"), tmp_path, issuer_key), issuer_key, clock) as one:
        yield one


async def disputed(office: Office) -> tuple[str, dict[str, Any]]:
    """The path of a listed case whose entry is disputed today, and the case."""
    path = f"/v1/credit/cases/{(await office.listed(overdue()))['case_id']}"
    body = {"received_on": today().isoformat(), "objector": "王小明", "text": "名称有误"}
    answer = await office.person("credit_officer").post(f"{path}/objection", json=body)
    assert answer.status_code == 200, answer.text
    case: dict[str, Any] = answer.json()
    return path, case


async def settled(office: Office, path: str) -> dict[str, Any]:
    answer = await office.person().post(f"{path}/objection/answer", json={"sustained": False, "text": "信息无误"})
    assert answer.status_code == 200, answer.text
    file: dict[str, Any] = (await office.person().get(path)).json()
    said: dict[str, Any] = file["objection"]["settle_dispute"]
    return said


async def test_a_disputed_entry_is_to_be_settled_within_five_working_days(office: Office) -> None:
    path, case = await disputed(office)
    assert case["dispute_due_on"] == add_working_days(today(), 5).isoformat()
    assert (await settled(office, path))["late"] is False


async def test_the_term_of_a_dispute_does_not_begin_in_the_future(office: Office) -> None:
    path = f"/v1/credit/cases/{(await office.listed(overdue()))['case_id']}"
    body = {"received_on": "2199-01-01", "objector": "王小明", "text": "名称有误"}
    assert (await office.person("credit_officer").post(f"{path}/objection", json=body)).status_code == 422


async def test_a_late_settlement_is_kept_and_said_to_be_late(office: Office) -> None:
    path, _ = await disputed(office)
    office.go_to(add_working_days(today(), 5) + timedelta(days=1))
    assert (await settled(office, path))["late"] is True


async def test_each_reading_of_the_cases_is_one_entry_with_its_filter(office: Office) -> None:
    query = "select actor, details from audit where action = 'credit.list_cases' order by seq"
    async with office.db.transaction() as session:
        before = len((await sql(session, query)).all())
    answer = await office.person("auditor").get("/v1/credit/cases", params={"state": "expired", "limit": 9})
    assert answer.status_code == 200, answer.text
    async with office.db.transaction() as session:
        rows = [tuple(row) for row in (await sql(session, query)).all()][before:]
    assert rows == [("person:auditor", {"state": "expired", "limit": 9})]
