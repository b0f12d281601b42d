"""A signed file at one end, an inspector's question at the other: alert, reason, receipt, row, and the proof."""

import contextlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.agency_client import AgencyClient
from local.refusals import Denied
from local.story import chapters, records
from local.story import enforcement as law
from local.story.office import Office, wait_for
from tests.running import Running
from tests.signed_requests import load


@pytest.mark.timeout(240)
def test_an_alert_leads_back_to_the_row_that_an_agency_sent(platform: Running) -> None:
    """The reasons of an alert name rows; the inspector follows one and sees what was written. The operator may not."""
    with contextlib.closing(Office(platform.home, platform.ports)) as office:
        _follow(platform, office)


def _follow(platform: Running, office: Office) -> None:
    employers = records.employers(first_serial=510_001, calm=2)
    chapters.invite(platform.home, platform.ports)
    sent = {one.receipt["receipt_id"] for one in chapters.send_everything(office, employers)}
    risk = chapters.risk_of(office, employers[0].uscc, "red")
    told = platform.anxin("explain", risk["score_id"], "--recompute", "--as", chapters.ANALYST).stdout
    for said in (employers[0].uscc, "等级 level red", "完整 whole", "重算 recomputed"):
        assert said in told
    alert = office.get(chapters.ANALYST, f"/v1/alerts/{law.alert_of(office, employers[0].uscc)['id']}")
    evidence = [row for reason in alert["reasons"] for row in reason["receipts"]]
    assert {row["receipt_id"] for row in evidence} <= sent
    for each in evidence[:3]:
        _assert_it_is_about(office.get(chapters.INSPECTOR, each["row_url"]), each, employers[0].uscc)
    _dispute(platform, office, evidence[0], employers[0].uscc)
    with pytest.raises(Denied, match="receipts:read"):
        office.get(chapters.OPERATOR, evidence[0]["row_url"])


def _dispute(platform: Running, office: Office, row: dict[str, Any], uscc: str) -> None:
    """A person calls the row wrong; who looks at the risk sees it until its source, which has it listed, answers."""

    def shown(number: int) -> dict[str, Any] | None:
        risk: dict[str, Any] = office.get(chapters.ANALYST, f"/v1/employers/{uscc}/risk")
        return risk if len(risk["disputed"]) == number else None

    why = ("--reason", "余额似有误 the balance looks wrong", "--json")
    raised = ("dispute", "raise", row["receipt_id"], str(row["row"]), *why, "--as", chapters.SQUAD)
    told = json.loads(platform.anxin(*raised).stdout)
    risk = wait_for("scoring to hear of the dispute", lambda: shown(1), 30)
    assert (risk["level"], risk["disputed"][0]["dispute_id"]) == ("red", told["dispute_id"])
    source = ("--agency", row["agency"])
    assert told["dispute_id"] in platform.anxin("dispute", "list", "--state", "open", *source).stdout
    final = platform.anxin("dispute", "answer", told["dispute_id"], "--upheld", "账实相符 it agrees", *source).stdout
    assert "upheld" in final
    assert wait_for("scoring to hear of the answer", lambda: shown(0), 30)["level"] == "red"


def _assert_it_is_about(row: dict[str, Any], evidence: dict[str, Any], uscc: str) -> None:
    assert (row["agency"], row["dataset"], row["row"]) == (evidence["agency"], evidence["dataset"], evidence["row"])
    assert (row["outcome"], row["is_present"]) == ("accepted", True)
    assert uscc in json.dumps(row["record"])


def test_a_signed_request_is_proven_by_its_receipt_offline(platform: Running, tmp_path: Path) -> None:
    """Through the real Envoy: the signature holds, a wrong one is refused, and the saved receipt proves all of it."""
    agency = platform.agency("signing-bureau", ["ingest:tax_arrears"])
    file = tmp_path / "tax.ndjson"
    file.write_text(
        '{"taxpayer":"某厂","taxpayer_no":"S1","uscc":"91330100799655058B","tax_kind":"增值税","as_of":"2026-10"}\n'
    )
    receipt = _send_signed(agency, file.read_bytes(), file.read_bytes())
    assert (receipt.status_code, receipt.json()["signed"]) == (202, True)
    wrong = _send_signed(agency, file.read_bytes(), file.read_bytes() + b"\n")
    assert (wrong.status_code, wrong.json()["check"]) == (400, "content_digest")

    saved = tmp_path / "receipt.jws"
    platform.anxin("receipt", "save", receipt.json()["receipt_id"], "--agency", agency.client_id, "--out", str(saved))
    proven = platform.anxin("receipt", "verify", str(saved), "--body", str(file)).stdout
    for said in ("tax_arrears", "the agency's own signature holds (CN=signing-bureau)", "数据文件相符"):
        assert said in proven
    file.write_text("something else")
    assert platform.anxin("receipt", "verify", str(saved), "--body", str(file), check=False).returncode == 1


def _send_signed(agency: AgencyClient, signed: bytes, sent: bytes) -> httpx.Response:
    """POST `sent` with the signature of `signed`, by the key of the agency's certificate."""
    who = load((agency.folder / "client.crt").read_bytes(), (agency.folder / "client.key").read_bytes())
    path = "/v1/datasets/tax_arrears/records"
    headers = who.signed(agency.url + path, signed, {"content-type": "application/x-ndjson"})
    return agency.http.post(path, content=sent, headers={**headers, "Authorization": f"Bearer {agency.token()}"})
