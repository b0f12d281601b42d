"""One story: a tax bureau's file at one end, the public credit system at the other, every hop real."""

import json
from typing import Any

import pytest

from local.story import chapters, records
from local.story import enforcement as law
from local.story.office import Office, wait_for
from tests.running import Running


@pytest.mark.timeout(240)
def test_from_an_agencys_file_to_the_public_credit_system(platform: Running) -> None:
    """The market, tax, water, power and court records of one employer gather into an orange risk; the town accepts the
    alert, two inspectors confirm it; the order to pay is not obeyed; the bureau's head signs; everyone learns of it."""
    home, ports = platform.home, platform.ports
    office = Office(home, ports)
    employers = records.employers(first_serial=500_001, calm=10)
    failing, calm = employers[0], employers[1]
    chapters.invite(home, ports)
    chapters.subscribe(office, home, ports)

    sent = chapters.send_everything(home, ports, employers)
    assert all(one.receipt["received"] == one.receipt["accepted"] for one in sent)

    risk = chapters.risk_of(office, failing.uscc, "orange", "red")
    assert {"E01", "E05", "E09", "E11", "E14", "E19"} <= {reason["indicator"] for reason in risk["reasons"]}
    _assert_reasons_lead_back_to_receipts(risk, sent)
    assert chapters.risk_of(office, calm.uscc, "none")["reasons"] == []

    alert = law.alert_of(office, failing.uscc)
    law.verify(office, home, alert["id"])
    order = law.order_to_pay(office, home, alert["id"])
    chapters.let_time_pass(home, chapters.TERM_PASSES)
    law.overdue(office, order["id"])

    case = chapters.case_of(office, order["id"])
    chapters.serve_notice(office, home, case["id"])
    chapters.let_time_pass(home, chapters.OBJECTION_PASSES)
    assert not chapters.credit_check(home, ports, failing.uscc)["listed"]
    listing = chapters.decide(office, case["id"])
    assert listing["uscc"] == failing.uscc

    assert {"webhook", "nats", "feed"} <= set(law.arrivals(home, ports, failing.uscc))
    assert chapters.credit_check(home, ports, failing.uscc)["listed"]
    assert not chapters.credit_check(home, ports, calm.uscc)["listed"]
    _assert_one_trace(platform, next(one for one in sent if one.dataset == "court_dishonest").trace_id)
    office.close()


def _assert_reasons_lead_back_to_receipts(risk: dict[str, Any], sent: list[chapters.Delivery]) -> None:
    receipts = {one.receipt["receipt_id"] for one in sent}
    for reason in risk["reasons"]:
        assert reason["text_zh"]
        assert reason["text_en"]
        assert {row["receipt_id"] for row in reason["receipts"]} <= receipts
        assert reason["receipts"]


def _assert_one_trace(platform: Running, trace_id: str | None) -> None:
    """The last record's trace runs from Envoy through three services and twice across the bus."""
    assert trace_id

    def look() -> list[dict[str, Any]] | None:
        shown = platform.anxin("trace", trace_id, "--json", check=False)
        spans = json.loads(shown.stdout)["spans"] if shown.returncode == 0 else []
        services = {span["service"] for span in spans}
        return spans if {"ingest", "scoring", "alerts"} <= services else None

    spans = wait_for("the whole trace", look, 30)
    names = {span["name"] for span in spans}
    assert {"publish records.accepted", "handle records.accepted", "handle scores.employer"} <= names
    assert any("envoy" in span["service"] or span["service"] == "gateway" for span in spans)
