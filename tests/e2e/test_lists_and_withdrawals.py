"""Through the real Envoy: a full list in parts ends what it does not name, a withdrawal is followed to the score."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local import clock
from local.agency_client import AgencyClient
from local.story import chapters, records
from local.story.office import Office
from tests.running import Running

_JSON = {"content-type": "application/json"}
CALM = ("none", "blue")


@pytest.fixture
def office(platform: Running) -> Iterator[Office]:
    chapters.invite(platform.home, platform.ports)
    with contextlib.closing(Office(platform.home, platform.ports)) as office:
        yield office


def asked(agency: AgencyClient, method: str, path: str, told: Any = None, but: int = 0) -> Any:
    """The JSON of an answer; `but`: a refusal that is expected."""
    content = b"" if told is None else json.dumps(told, ensure_ascii=False).encode()
    answer = agency.ask(method, path, _JSON, content, but=frozenset({but} if but else ()))
    assert answer.status_code == but or not but, answer.text
    return answer.json()


@pytest.mark.timeout(300)
def test_a_full_list_in_parts_is_held_confirmed_and_followed_to_the_scores(platform: Running, office: Office) -> None:
    """Two dozen employers owe three months of social insurance; a list names ten of them, and its agency says so."""
    agency = platform.agency("list-bureau", ["ingest:tax_social_fee"])
    today = chapters.business_day(platform.home)
    month = (today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    codes = [records.credit_code(640_000 + number) for number in range(24)]
    owing = [_owing(code, month) for code in codes]
    sent = asked(agency, "POST", "/v1/datasets/tax_social_fee/records", owing)
    assert sent["accepted"] == 24
    for code in (codes[0], codes[-1]):
        chapters.risk_of(office, code, "orange")

    as_of = (datetime.now(UTC) + clock.offset(platform.home)).isoformat()
    begun = asked(agency, "POST", "/v1/datasets/tax_social_fee/snapshots", {"as_of": as_of, "month": month})
    snapshot = f"/v1/snapshots/{begun['snapshot_id']}"
    for part in (owing[:5], owing[5:10]):
        asked(agency, "POST", f"/v1/datasets/tax_social_fee/records?snapshot={begun['snapshot_id']}", part)
    asked(agency, "POST", f"{snapshot}/complete", {"rows": 9}, but=409)
    held = asked(agency, "POST", f"{snapshot}/complete", {"rows": 10})
    assert (held["state"], held["held_because"], held["missing"]) == ("held", "too_many_missing", 14)
    assert office.get(chapters.ANALYST, f"/v1/employers/{codes[-1]}/risk")["level"] == "orange"

    asked(agency, "POST", f"{snapshot}/confirm", {"missing": 13}, but=409)
    applied = asked(agency, "POST", f"{snapshot}/confirm", {"missing": 14})
    assert (applied["state"], applied["ended"]) == ("applied", 14)
    chapters.risk_of(office, codes[-1], *CALM)
    assert office.get(chapters.ANALYST, f"/v1/employers/{codes[0]}/risk")["level"] == "orange"
    assert asked(agency, "GET", snapshot)["state"] == "applied"


def _owing(code: str, month: str) -> dict[str, Any]:
    amounts = {"payable": "14043.33", "paid": "0.00", "arrears": "14043.33", "arrears_months": 3}
    return {"uscc": code, "period": month} | amounts


@pytest.mark.timeout(300)
def test_rows_that_are_taken_back_leave_the_score_that_rested_on_them(platform: Running, office: Office) -> None:
    """The failing employer is red; every agency takes its rows back, and nothing is left to hold against him."""
    employers = records.employers(first_serial=645_001, calm=1)
    sent = chapters.send_everything(office, employers)
    before = chapters.risk_of(office, employers[0].uscc, "red")
    assert before["reasons"]
    told = [_taken_back(platform, one) for one in sent if one.dataset != "samr_entity"]
    assert all(each["withdrawn"] == each["received"] for each in told)
    assert {each["withdrawals"][0]["reason"] for each in told} == {"报错企业"}
    after = chapters.risk_of(office, employers[0].uscc, *CALM)
    assert not after["reasons"]
    tax = next(one for one in sent if one.dataset == "tax_arrears")
    row = office.get(chapters.INSPECTOR, f"/v1/receipts/{tax.receipt['receipt_id']}/rows/1")
    assert row["outcome"] == "withdrawn"


def _taken_back(platform: Running, one: chapters.Delivery) -> dict[str, Any]:
    client = AgencyClient(platform.ports.agencies_url, platform.home.agency(one.agency))
    with contextlib.closing(client):
        path = f"/v1/receipts/{one.receipt['receipt_id']}"
        asked(client, "DELETE", f"{path}/rows", {"reason": "报错企业"})
        found: dict[str, Any] = asked(client, "GET", f"{path}/withdrawals")
        return found


@pytest.mark.timeout(240)
def test_a_department_disputes_a_row_and_its_source_takes_it_back(platform: Running, office: Office) -> None:
    """The user asks, the source sees it and answers, a person sees it in `anxin quality`."""
    source = platform.agency("disputed-bureau", ["ingest:tax_social_fee"])
    user = platform.agency("using-bureau", ["use:tax_social_fee"])
    today = chapters.business_day(platform.home)
    code, month = records.credit_code(649_001), today.strftime("%Y-%m")
    receipt = asked(source, "POST", "/v1/datasets/tax_social_fee/records", [_owing(code, month)])["receipt_id"]
    raised = asked(user, "POST", f"/v1/receipts/{receipt}/rows/1/dispute", {"reason": "已缴清", "item": "arrears"})
    (seen,) = asked(source, "GET", "/v1/disputes?state=open")["disputes"]
    assert (seen["dispute_id"], seen["raised_by"]) == (raised["dispute_id"], "using-bureau")
    answer = f"/v1/disputes/{seen['dispute_id']}/answer"
    asked(source, "POST", answer, {"outcome": "corrected"}, but=409)
    asked(source, "DELETE", f"/v1/receipts/{receipt}/rows", {"reason": "已缴清"})
    assert asked(source, "POST", answer, {"outcome": "corrected"})["state"] == "corrected"
    assert office.get(chapters.ANALYST, "/v1/disputes?dataset=tax_social_fee&state=corrected")["disputes"]
    shown = platform.anxin("quality", "tax_social_fee", "--as", chapters.ANALYST)
    assert "tax_social_fee" in shown.stdout
    own = json.loads(platform.anxin("quality", "--agency", "disputed-bureau", "--json").stdout)
    assert {feed["dataset"] for feed in own["feeds"]} == {"tax_social_fee"}
