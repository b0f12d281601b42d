"""One story: a tax bureau's file at one end, the public credit system at the other, every hop real."""

import json
from typing import Any

import pytest

from local.story import chapters, records
from local.story import enforcement as law
from local.story.office import Office, wait_for
from local.story.tracing import one_trace
from tests.running import Running


@pytest.mark.timeout(600)
def test_from_an_agencys_file_to_the_public_credit_system(platform: Running) -> None:
    """The market, tax, water, power and court records of one employer gather into a red risk; the analyst sends the
    alert to the town, which accepts it; two inspectors confirm it; the order to pay is not obeyed; the bureau's head
    signs; everyone learns of it."""
    home, ports = platform.home, platform.ports
    with one_trace(ports, "the whole way, tested") as thread:
        _the_whole_way(Office(home, ports, thread.traceparent))
    _assert_one_trace(platform, thread.trace_id)


def _the_whole_way(office: Office) -> None:
    home, ports = office.home, office.ports
    employers = records.employers(first_serial=500_001, calm=10)
    failing, calm = employers[0], employers[1]
    chapters.invite(home, ports)
    chapters.subscribe(office, home, ports)

    sent = chapters.send_everything(office, employers)
    assert all(one.receipt["received"] == one.receipt["accepted"] for one in sent)

    risk = chapters.risk_of(office, failing.uscc, "red")
    assert {"E01", "E05", "E09", "E11", "E14", "E19"} <= {reason["indicator"] for reason in risk["reasons"]}
    _assert_reasons_lead_back_to_receipts(risk, sent)
    assert chapters.risk_of(office, calm.uscc, "none")["reasons"] == []
    explained = office.get(chapters.ANALYST, f"/v1/scores/{risk['score_id']}", recompute="true")
    assert (explained["again"]["is_equal"], explained["inputs"]["is_whole"]) == (True, True)

    alert = law.dispatch(office, law.alert_of(office, failing.uscc))
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
    office.close()


def _assert_reasons_lead_back_to_receipts(risk: dict[str, Any], sent: list[chapters.Delivery]) -> None:
    receipts = {one.receipt["receipt_id"] for one in sent}
    for reason in risk["reasons"]:
        assert reason["text_zh"]
        assert reason["text_en"]
        assert {row["receipt_id"] for row in reason["receipts"]} <= receipts
        assert reason["receipts"]


def _assert_one_trace(platform: Running, trace_id: str) -> None:
    """From Envoy through four services and over the bus to the webhook: one trace with one root."""

    def look() -> list[dict[str, Any]] | None:
        shown = platform.anxin("trace", trace_id, "--json", check=False)
        roots: list[dict[str, Any]] = json.loads(shown.stdout) if shown.returncode == 0 else []
        # Spans come in batches: until all are here, some stand without their parents.
        is_whole = [root["name"] for root in roots] == ["the whole way, tested"]
        return roots if is_whole and any("webhook" in span["name"] for span in _flat(roots)) else None

    roots = wait_for("the whole trace, with one root", look, 30)
    spans = _flat(roots)
    assert {span["service"] for span in spans} >= {"gateway", "ingest", "scoring", "alerts", "credit"}
    names = {span["name"] for span in spans}
    assert {"handle records.accepted", "handle scores.employer", "term ended", "handle orders.overdue"} <= names


def _flat(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for span in spans for one in (span, *_flat(span["children"]))]
