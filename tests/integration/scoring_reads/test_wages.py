"""From what the gate, the contractor and the bank report to what an inspector reads of each worker's wages."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from services.scoring.store import attendance
from shared.db import sql
from shared.ids import new_id
from shared.service import Runtime
from tests.conftest import SettingsOf
from tests.ingest_desk import open_door
from tests.scoring_reader import a_reader
from tests.wages_site import MONTH, PAID_IN, Site, take_in

Client = httpx.AsyncClient


def an_inspector(runtime: Runtime, division: str = "330110", scope: str = "wages:read wages:export") -> dict[str, str]:
    return a_reader(runtime, division, scope=scope, roles=["inspector"], sub="zhou")


@pytest.fixture
async def site(settings_of: SettingsOf, runtime: Runtime) -> Site:
    """A site whose every agency has reported."""
    one = Site(f"W-{new_id().hex[-12:]}")
    async with open_door(settings_of("ingest")) as door:
        receipts = await take_in(door, runtime.db, one.deliveries())
        assert all(receipt["rejected"] == 0 == receipt["unmatched"] for receipt in receipts), receipts
    return one


async def test_each_worker_of_a_month_is_in_the_state_that_the_records_say(
    client: Client, runtime: Runtime, site: Site
) -> None:
    answer = await client.get(f"/v1/projects/{site.code}/wages/{MONTH}", headers=an_inspector(runtime))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    states = {
        "paid_in_full_on_time": 1,
        "paid_late": 1,
        "paid_short": 1,
        "not_paid": 1,
        "not_yet_due": 0,
        "paid_without_attendance": 1,
        "attended_without_payroll": 1,
        "no_claim": 1,
    }
    assert told["month"]["states"] == states
    assert sorted(line["state"] for line in told["workers"]) == sorted(name for name, n in states.items() if n)
    short = next(line for line in told["workers"] if line["state"] == "paid_short")
    wanted = {"payable": "8000.00", "deducted": "500.00", "due": "7500.00", "paid": "5000.00", "open": "2500.00"}
    assert {name: short[name] for name in wanted} == wanted
    assert (short["days"], short["device_days"], short["elsewhere"], short["is_registered"]) == (3, 3, "0.00", True)
    assert not any(number in answer.text for number in site.numbers)
    assert {line["code"]: line["verified"] for line in told["parameters"]}["wage_due_days"] is False


async def test_the_months_show_workers_sums_and_the_account(client: Client, runtime: Runtime, site: Site) -> None:
    told = (await client.get(f"/v1/projects/{site.code}/wages", headers=an_inspector(runtime))).json()
    assert (told["name"], told["division"]) == ("某某安置房", site.division)
    month = next(each for each in told["months"] if each["month"] == MONTH)
    assert (month["registered"], month["workers"], month["on_payroll"], month["attended"]) == (7, 7, 5, 6)
    assert (month["due"], month["paid"], month["overdue"]) == ("37500.00", "27500.00", "10000.00")
    assert (month["fee_in"], month["fee_gap"]) == ("30000.00", "7500.00")
    sums = [Decimal(each["paid"]) for each in told["months"]]
    assert sum(sums) == Decimal("27500.00")


async def test_a_corrected_line_wins_and_a_file_that_is_sent_again_changes_nothing(
    client: Client, runtime: Runtime, site: Site, settings_of: SettingsOf
) -> None:
    path, reader = f"/v1/projects/{site.code}/wages/{MONTH}", an_inspector(runtime)
    before = (await client.get(path, headers=reader)).json()["workers"]
    async with open_door(settings_of("ingest")) as door:
        await take_in(door, runtime.db, site.deliveries())
        assert (await client.get(path, headers=reader)).json()["workers"] == before
        agency, dataset, lines = site.deliveries()[4]
        # What was told as unpaid is paid after all, on a day before the first word of it.
        paid = {"actual": "7500.00", "paid_at": f"{PAID_IN}-09"}
        corrected = [line | paid for line in lines if line["actual"] == "0.00"]
        await take_in(door, runtime.db, [(agency, dataset, corrected)])
    after = (await client.get(path, headers=reader)).json()["month"]
    assert (after["states"]["not_paid"], after["states"]["paid_in_full_on_time"]) == (0, 2)
    assert after["paid"] == "35000.00"


async def test_the_sheet_for_the_site_is_csv_without_formulas_and_its_export_is_on_record(
    client: Client, runtime: Runtime, site: Site
) -> None:
    as_csv = {"accept": "text/csv"}
    path = f"/v1/projects/{site.code}/wages/{MONTH}"
    answer = await client.get(path, headers=an_inspector(runtime) | as_csv)
    head, *lines = answer.content.decode("utf-8-sig").splitlines()
    assert (head.split(",")[:2], len(lines)) == (["人员代号 worker", "状态 state"], 7)
    assert all("'=1+1" in line for line in lines if "paid" in line)
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in lines for cell in line.split(","))
    refused = await client.get(path, headers=an_inspector(runtime, scope="wages:read") | as_csv)
    assert (refused.status_code, refused.json()["check"]) == (403, "scope_missing")
    assert await _looks(runtime, site) == [("zhou", "project.wages.exported", {"month": MONTH, "workers": 7})]


async def test_whoever_looks_is_on_record_and_so_is_who_may_not(client: Client, runtime: Runtime, site: Site) -> None:
    path = f"/v1/projects/{site.code}/wages"
    for division in ("330110009", "330113"):
        refused = await client.get(path, headers=an_inspector(runtime, division))
        assert (refused.status_code, refused.json()["check"]) == (403, "jurisdiction")
        assert (await client.get(f"{path}/{MONTH}", headers=an_inspector(runtime, division))).status_code == 403
    await client.get(path, headers=an_inspector(runtime, site.division))
    assert [action for _, action, _ in await _looks(runtime, site)] == [
        *["project.wages.refused"] * 4,
        "project.wages.read",
    ]


async def test_without_the_scope_or_without_wages_there_is_no_answer(
    client: Client, runtime: Runtime, site: Site
) -> None:
    lacking = await client.get(f"/v1/projects/{site.code}/wages", headers=a_reader(runtime))
    assert (lacking.status_code, lacking.json()["check"]) == (403, "scope_missing")
    inspector = an_inspector(runtime)
    missing = await client.get(f"/v1/projects/{site.code}/wages/2020-01", headers=inspector)
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:anxin:problem:no-wages-known")
    assert (await client.get("/v1/projects/nobody-knows/wages", headers=inspector)).status_code == 404
    assert (await client.get(f"/v1/projects/{site.code}/wages/2020-13", headers=inspector)).status_code == 422


async def test_row_level_security_hides_the_months_of_another_town(runtime: Runtime, site: Site) -> None:
    seen = {}
    for division in ("330110005", "330110", "330110009", ""):
        async with runtime.db.transaction(division) as session:
            seen[division] = (await attendance.days(session, [site.code], 0)).height
    assert seen == {"330110005": 6, "330110": 6, "330110009": 0, "": 0}


async def _looks(runtime: Runtime, site: Site) -> list[tuple[Any, ...]]:
    async with runtime.db.transaction() as session:
        found = await sql(
            session, "select actor, action, details from audit where subject = :code order by seq", code=site.code
        )
        return [tuple(row) for row in found.all()]
