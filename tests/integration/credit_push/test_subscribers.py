"""Who may subscribe, what a subscriber's secret is worth, and what the demo credit system makes of it."""

from pathlib import Path

import pytest

from local import pki as local_pki
from local.credit_ledger import Ledger
from local.credit_system import create_app
from services.credit.push import new_client
from shared.db import sql
from tests.credit_office import overdue
from tests.credit_post import Post, serving
from tests.ports import free_port


@pytest.mark.parametrize("url", ["http://localhost:1/", "https://evil.example/hook", "https://localhost/hook"])
async def test_webhooks_go_to_allowed_https_addresses_only(post: Post, url: str) -> None:
    body = {"name": "somebody-else", "url": url}
    refused = await post.office.person("operator").post("/v1/credit/subscribers", json=body)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:anxin:problem:webhook-url-refused")


async def test_the_secret_is_shown_once_and_lies_sealed(post: Post) -> None:
    secret = post.subscriber["secret"]
    shown = await post.office.person("operator").get("/v1/credit/subscribers")
    assert secret not in shown.text
    async with post.office.db.transaction() as session:
        rows = (await sql(session, "select secret_sealed from credit.subscriber")).scalars().all()
    assert secret not in rows
    assert all(secret.removeprefix("whsec_") not in row for row in rows)
    head = await post.office.person("bureau_head").get("/v1/credit/subscribers")
    assert head.json()["check"] == "scope_missing"


async def test_the_demo_credit_system_keeps_an_event_once_and_refuses_a_wrong_signature(
    post: Post, pki: local_pki.Pki, tmp_path: Path
) -> None:
    secret_file, port = tmp_path / "webhook.secret", free_port()
    app = create_app(Ledger.open(tmp_path / "received.sqlite"), secret_file)
    async with serving(app, port, pki), new_client(post.office.settings) as client:
        await post.office.listed(overdue())
        await post.send_until_state("delivered")
        headers, body = post.receiver.heard[0]
        base = f"https://localhost:{port}"
        kept = {name: headers[name] for name in headers if name.startswith("webhook-")}
        assert (await client.post(f"{base}/webhook", content=body, headers=kept)).status_code == 503
        secret_file.write_text(post.subscriber["secret"])
        assert (await client.post(f"{base}/webhook", content=body, headers=kept)).status_code == 204
        assert (await client.post(f"{base}/webhook", content=body, headers=kept)).status_code == 204
        for wrong in (
            {"webhook-id": "x"},
            {"webhook-timestamp": "1"},
            {"webhook-signature": "v1,AAAA"},
            {"webhook-signature": "x"},
        ):
            assert (await client.post(f"{base}/webhook", content=body, headers=kept | wrong)).status_code == 401
        view = (await client.get(f"{base}/received")).json()
        page = (await client.get(f"{base}/")).text
    [event] = view["events"]
    assert event["signature_stands"] is True
    assert event["arrivals"]["webhook"]["repeats"] == 1
    assert len(view["refused"]) == 4
    assert event["data"]["decision_no"] in page
    assert "签名有效" in page
    assert "http" not in page.replace("http-equiv", "")
