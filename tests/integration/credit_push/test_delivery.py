"""A delivery arrives signed, is tried again while that may help, and is never lost nor taken twice."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import Response
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from standardwebhooks import Webhook, WebhookVerificationError

from services.credit.push import deliver_due, new_client
from services.credit.store import deliveries
from tests.credit_office import overdue
from tests.credit_post import Post


async def test_a_foreign_library_verifies_what_arrives_and_it_is_the_event_of_the_feed(post: Post) -> None:
    listing = await post.office.listed(overdue())
    await post.send_until_state("delivered")
    [(headers, body)] = post.receiver.heard
    event = Webhook(post.subscriber["secret"]).verify(body, headers)
    assert headers["content-type"] == "application/cloudevents+json"
    assert headers["webhook-id"] == event["id"]
    after = {"after": listing["sequence"] - 1, "limit": 1}
    assert [event] == (await post.office.agency().get("/v1/credit/events", params=after)).json()
    with pytest.raises(WebhookVerificationError):
        Webhook(post.subscriber["secret"]).verify(body + b" ", headers)


async def test_a_receipt_marks_the_case_as_pushed_once(post: Post) -> None:
    order = overdue()
    await post.office.listed(order)
    await post.send_until_state("delivered")
    events = [step["event"] for step in (await post.office.case_of(order))["steps"]]
    assert events.count("push") == 1
    assert events[-1] == "push"


async def test_two_failures_are_followed_by_success_under_the_same_id(post: Post) -> None:
    post.receiver.script = [Response(status_code=500), Response(status_code=503)]
    await post.office.listed(overdue())
    delivered = await post.send_until_state("delivered")
    ids = {headers["webhook-id"] for headers, _ in post.receiver.heard}
    assert (len(post.receiver.heard), len(ids), delivered["attempts"]) == (3, 1, 3)


async def test_a_receiver_that_stays_down_leads_to_a_dead_letter_that_can_be_replayed(post: Post) -> None:
    tries = len(post.office.settings.webhook_retry_seconds) + 1
    post.receiver.script = [Response(status_code=500) for _ in range(tries)]
    await post.office.listed(overdue())
    dead = await post.send_until_state("dead")
    assert (dead["attempts"], dead["last_status"], len(post.receiver.heard)) == (tries, 500, tries)
    operator = post.office.person("operator")
    listed = (await operator.get("/v1/credit/deliveries", params={"state": "dead"})).json()["deliveries"]
    assert dead["id"] in [each["id"] for each in listed]
    assert (await operator.post(f"/v1/credit/deliveries/{dead['id']}/replay")).status_code == 200
    assert (await operator.post(f"/v1/credit/deliveries/{dead['id']}/replay")).status_code == 409
    await post.send_until_state("delivered")
    assert len({headers["webhook-id"] for headers, _ in post.receiver.heard}) == 1


async def test_retry_after_is_honoured(post: Post) -> None:
    post.receiver.script = [Response(status_code=429, headers={"retry-after": "3600"})]
    await post.office.listed(overdue())
    await post.send_until(lambda: len(post.receiver.heard) == 1)
    waits = datetime.fromisoformat((await post.delivery())["next_attempt_at"]) - datetime.now(UTC)
    assert timedelta(minutes=55) < waits <= timedelta(hours=1)
    assert await post.send() == 0


async def test_a_redirect_is_not_followed(post: Post) -> None:
    post.receiver.script = [Response(status_code=307, headers={"location": post.receiver.url})]
    await post.office.listed(overdue())
    await post.send_until(lambda: len(post.receiver.heard) == 1)
    assert (await post.delivery())["last_status"] == 307
    assert (await post.delivery())["state"] == "pending"


async def test_gone_means_gone(post: Post) -> None:
    post.receiver.script = [Response(status_code=410)]
    await post.office.listed(overdue())
    await post.send_until_state("dead")
    await post.office.listed(overdue())
    assert len(post.receiver.heard) == 1
    shown = (await post.office.person("operator").get("/v1/credit/subscribers")).json()["subscribers"]
    [mine] = [each for each in shown if each["id"] == post.subscriber["id"]]
    assert mine["state"] == "disabled"


async def test_a_receiver_with_an_unknown_certificate_gets_nothing(post: Post) -> None:
    await post.office.listed(overdue())
    stranger = post.office.settings.model_copy(update={"webhook_ca": None})
    async with new_client(stranger) as client:
        await deliver_due(post.office.db, client, post.vault, stranger)
    assert post.receiver.heard == []
    assert "ConnectError" in (await post.delivery())["last_error"]


async def test_a_killed_worker_loses_nothing(post: Post) -> None:
    await post.office.listed(overdue())
    now = datetime.now(UTC)
    async with post.office.db.transaction() as session:
        taken = await deliveries.claim(session, now, now + timedelta(seconds=0.3), 10)
    assert len(taken) == 1  # and here its process is killed
    assert await post.send() == 0
    await asyncio.sleep(0.35)
    await post.send_until_state("delivered")


async def test_two_workers_never_take_the_same_delivery(post: Post) -> None:
    for _ in range(3):
        await post.office.listed(overdue())
    now = datetime.now(UTC)
    until = now + timedelta(seconds=30)
    # The first worker has not committed yet: the second must neither wait for it nor take the same rows.
    async with post.office.db.transaction() as one, post.office.db.transaction() as other:
        first = await deliveries.claim(one, now, until, 2)
        second = await asyncio.wait_for(deliveries.claim(other, now, until, 2), 5)
    taken = [each.id for each in (*first, *second)]
    assert len(taken) == len(set(taken)) == 3


async def test_the_trace_of_the_decision_goes_on_at_the_receiver(post: Post) -> None:
    with TracerProvider().get_tracer("test").start_as_current_span("decision") as span:
        await post.office.listed(overdue())
        expected = f"{span.get_span_context().trace_id:032x}"
    assert trace.get_current_span().get_span_context().is_valid is False
    await post.send_until_state("delivered")
    assert post.receiver.heard[0][0]["traceparent"].split("-")[1] == expected
