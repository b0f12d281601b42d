"""From the alert to the overdue order, and what the public credit system got: the people's part of the story."""

import ssl
from typing import Any

import httpx

from local.layout import Home, Ports
from local.story.chapters import ANALYST, BUREAU, DISPATCHER, INSPECTOR, SECOND, SQUAD, business_day
from local.story.office import Office, wait_for

INSPECTORS = [
    {"login": INSPECTOR, "certificate_no": "浙余劳监 A-0117"},
    {"login": SECOND, "certificate_no": "浙余劳监 A-0121"},
]
WORKERS, MONTHS, EACH = 12, 3, 10_500
CHANNELS = ("webhook", "nats", "feed")


def alert_of(office: Office, uscc: str) -> dict[str, Any]:
    """The employer's new alert, once it is orange or red: from then on nobody but the analyst sends it on."""

    def look() -> dict[str, Any] | None:
        alerts = office.get(ANALYST, "/v1/alerts")["items"]
        return next((one for one in alerts if one["uscc"] == uscc and one["level"] in ("orange", "red")), None)

    return wait_for(f"alert of {uscc}", look)


def dispatch(office: Office, alert: dict[str, Any]) -> dict[str, Any]:
    """The analyst assesses it and sends it to the town of the workplace, unless it was sent while it was yellow."""
    path = f"/v1/alerts/{alert['id']}"
    if alert["stage"] != "GENERATED":
        return alert
    office.post(ANALYST, f"{path}/triage", {"reason": "多部门信号相互印证，主体核实无误"})
    sent: dict[str, Any] = office.post(ANALYST, f"{path}/dispatch", {"town": alert["workplace"]})
    return sent


def verify(office: Office, home: Home, alert_id: str) -> dict[str, Any]:
    """The town signs for it; two inspectors go there (423 art. 16) and find twelve workers unpaid for three months."""
    path = f"/v1/alerts/{alert_id}"
    office.post(DISPATCHER, f"{path}/accept")
    office.post(INSPECTOR, f"{path}/verify", {"visited_on": str(business_day(home)), "inspectors": INSPECTORS})
    finding = {"workers": WORKERS, "migrant_workers": WORKERS - 1, "months": MONTHS, "amount": str(WORKERS * EACH)}
    confirmed: dict[str, Any] = office.post(INSPECTOR, f"{path}/confirm", finding)
    return confirmed


def order_to_pay(office: Office, home: Home, alert_id: str) -> dict[str, Any]:
    """The bureau's head orders payment within the term, and the order is served on the spot."""
    workers = [{"amount": str(EACH), "months": MONTHS, "is_rural": number > 0} for number in range(WORKERS)]
    body = {
        "order_no": f"余人社监令字〔{business_day(home).year}〕{alert_id[-6:].upper()}号",
        "workers": workers,
        "parties": [{"role": "legal_rep", "name": "林晨光"}],
        "service": {"service_method": "direct", "documents": [{"kind": "receipt", "reference": "送达回证-00"}]},
    }
    order: dict[str, Any] = office.post(BUREAU, f"/v1/alerts/{alert_id}/orders", body)
    return order


def overdue(office: Office, order_id: str) -> dict[str, Any]:
    """The order, once its term has ended unpaid."""

    def look() -> dict[str, Any] | None:
        order: dict[str, Any] = office.get(SQUAD, f"/v1/orders/{order_id}")
        return order if order["state"] == "OVERDUE" else None

    return wait_for(f"order {order_id} to be overdue", look)


def arrivals(home: Home, ports: Ports, uscc: str, channels: tuple[str, ...] = CHANNELS) -> list[str]:
    """The ways by which the public credit system has learned of the listing, once all of them have brought it."""
    trust = ssl.create_default_context(cafile=str(home.pki.certificate("mesh-ca")))
    with httpx.Client(base_url=ports.public_credit_url, verify=trust, timeout=10) as http:

        def look() -> list[str] | None:
            events = http.get("/received").json()["events"]
            came = [one for one in events if one["uscc"] == uscc and one["signature_stands"]]
            return sorted(came[0]["arrivals"]) if came and set(came[0]["arrivals"]) >= set(channels) else None

        return wait_for(f"news of {uscc} at the public credit system", look)
