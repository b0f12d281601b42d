"""The story in chapters, each a plain function over the front door. The demo tells them; the e2e tests check them."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from local import clock, pki
from local.agency_client import AgencyClient
from local.layout import Home, Ports
from local.refusals import Denied
from local.registry import Registry, thumbprint_in
from local.story import cast
from local.story.office import Office, wait_for
from local.story.records import Employer, Record, deliveries
from shared.clock import SHANGHAI

ANALYST, DISPATCHER, INSPECTOR, SECOND, SQUAD, BUREAU, CREDIT, OPERATOR = (
    "chen.yi",
    "wu.gang",
    "wang.fang",
    "li.qiang",
    "zhao.min",
    "zhou.jie",
    "xu.lan",
    "sun.ops",
)
TERM_PASSES = timedelta(days=9)
OBJECTION_PASSES = timedelta(days=8)


@dataclass(frozen=True)
class Delivery:
    """A file that an agency sent, and the answer."""

    agency: str
    dataset: str
    receipt: dict[str, Any]
    trace_id: str | None


def business_day(home: Home) -> date:
    """Today, by this platform's business clock."""
    return (datetime.now(SHANGHAI) + clock.offset(home)).date()


def invite(home: Home, ports: Ports) -> None:
    """Certificates and grants for the agencies, logins for the people. Safe to repeat."""
    folders = {agency.client_id: pki.issue_agency(home.pki, agency.client_id) for agency in cast.AGENCIES}
    thumbprints = {client_id: thumbprint_in(folder) for client_id, folder in folders.items()}
    registry = Registry(home, ports)
    registry.seed({"clients": cast.clients(thumbprints), "people": cast.ensure_people(home)})
    for agency in cast.AGENCIES:
        registry.note(agency.client_id, agency.all_scopes())


def send_everything(office: Office, employers: list[Employer]) -> list[Delivery]:
    """Every agency writes its file and sends it through the front door."""
    planned = deliveries(employers, business_day(office.home))
    return [send(office, agency, dataset, records) for agency, dataset, records in planned]


def send(office: Office, agency: str, dataset: str, records: list[Record]) -> Delivery:
    """One agency, one file."""
    file = _written(office.home, agency, dataset, records)
    client = AgencyClient(office.ports.agencies_url, office.home.agency(agency))
    if office.traceparent:
        client.http.headers["traceparent"] = office.traceparent
    try:
        answer = client.submit(dataset, file)
    finally:
        client.close()
    return Delivery(agency, dataset, answer.json(), trace_id(answer.headers.get("traceresponse", "")))


def trace_id(traceresponse: str) -> str | None:
    """The trace id in a W3C `traceresponse` header: version-traceid-spanid-flags."""
    parts = traceresponse.split("-")
    return parts[1] if len(parts) == 4 else None


def _written(home: Home, agency: str, dataset: str, records: list[Record]) -> Path:
    folder = home.path / "demo" / agency
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{dataset}.ndjson"
    file.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return file


def risk_of(office: Office, uscc: str, *levels: str) -> dict[str, Any]:
    """The employer's risk, once it has come to one of the levels."""

    def look() -> dict[str, Any] | None:
        try:
            risk: dict[str, Any] = office.get(ANALYST, f"/v1/employers/{uscc}/risk")
        except Denied:  # not known yet
            return None
        return risk if risk["level"] in levels else None

    return wait_for(f"risk of {uscc} at {'/'.join(levels)}", look)


def case_of(office: Office, order_id: str, *states: str) -> dict[str, Any]:
    """The listing case that grew from an overdue order."""

    def look() -> dict[str, Any] | None:
        found = [
            case
            for case in office.get(BUREAU, "/v1/credit/cases")["cases"]
            if case["order_id"] == order_id and (not states or case["state"] in states)
        ]
        return found[0] if found else None

    return wait_for(f"listing case of order {order_id}", look)


def serve_notice(office: Office, home: Home, case_id: str) -> dict[str, Any]:
    """The squad confirms the grounds; the bureau's prior notice is served (Order 45, art. 5 and 6)."""
    office.post(SQUAD, f"/v1/credit/cases/{case_id}/screen", {"meets": True})
    served = {"served_on": str(business_day(home)), "recipient": "法定代表人", "proof": "送达回证-01"}
    notice: dict[str, Any] = office.post(BUREAU, f"/v1/credit/cases/{case_id}/notice", served)
    return notice


def decide(office: Office, case_id: str) -> dict[str, Any]:
    """The bureau's head reads the decision document and signs its very bytes with the own key (Order 45, art. 8)."""
    document = office.document(BUREAU, f"/v1/credit/cases/{case_id}/decision-document")
    body = {"signature": office.sign(BUREAU, document)}
    listing: dict[str, Any] = office.post(BUREAU, f"/v1/credit/cases/{case_id}/decide", body)
    return listing


def let_time_pass(home: Home, by: timedelta) -> date:
    """Move this platform's business clock forward; returns the new business day."""
    clock.advance(home, by)
    return business_day(home)


def subscribe(office: Office, home: Home, ports: Ports) -> None:
    """The operator registers the public credit system's webhook, once an address; the secret goes to its home only.

    The list takes no other address for a subscriber, so a platform that moved to other ports gets a new one. Who stays
    at the old address answers no more; what goes there ends as a dead letter, and holds back nobody else.
    """
    secret = home.webhook_secret(ports.public_credit)
    if secret.exists():
        return
    url = f"{ports.public_credit_url}/webhook"
    known = {one["name"] for one in office.get(OPERATOR, "/v1/credit/subscribers")["subscribers"]}
    name = "public-credit" if "public-credit" not in known else f"public-credit-{ports.public_credit}"
    answer = office.post(OPERATOR, "/v1/credit/subscribers", {"name": name, "url": url})
    secret.parent.mkdir(parents=True, exist_ok=True)
    pki.write_private(secret, answer["secret"].encode())


def credit_check(home: Home, ports: Ports, uscc: str, agency: str = "tax-bureau") -> dict[str, Any]:
    """Another department asks whether the employer is restricted."""
    client = AgencyClient(ports.agencies_url, home.agency(agency))
    try:
        answer: dict[str, Any] = client.get(f"/v1/credit/check/{uscc}").json()
    finally:
        client.close()
    return answer
