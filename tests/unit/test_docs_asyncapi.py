"""docs/asyncapi.yaml is AsyncAPI 3.0.0, closes in itself, and describes what really leaves through the outbox."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from jsonschema.protocols import Validator

from docs.generate.asyncapi import document
from shared import events as e
from shared import topology
from shared.outbox import envelope

OFFICIAL = Path(__file__).parent.parent / "data/asyncapi-3.0.0.schema.json"
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ID = UUID("019a9c5e-7a50-7c3b-9a7d-2f1f5b0f6a11")


@pytest.fixture(scope="module")
def official() -> Validator:
    """The official schema of AsyncAPI 3.0.0."""
    return jsonschema.Draft7Validator(json.loads(OFFICIAL.read_text()))


def test_the_document_is_valid_asyncapi(official: Validator) -> None:
    assert [error.message for error in official.iter_errors(document())] == []


@pytest.mark.parametrize("part", ["info", "asyncapi"])
def test_the_official_schema_refuses_a_document_without_a_required_part(official: Validator, part: str) -> None:
    broken = {name: value for name, value in document().items() if name != part}
    assert not official.is_valid(broken)


def test_the_official_schema_refuses_an_operation_without_a_channel(official: Validator) -> None:
    broken = document()
    next(iter(broken["operations"].values())).pop("channel")
    assert not official.is_valid(broken)


def test_every_reference_leads_somewhere() -> None:
    whole = document()
    assert [reference for reference in _references(whole) if _follow(whole, reference) is None] == []


@pytest.mark.parametrize("event", e.ALL, ids=lambda event: event.__name__)
def test_every_event_is_announced_by_its_source(event: type[e.Event]) -> None:
    key = event.subject.replace(".", "-")
    assert document()["operations"][f"{event.source}-announces-{key}"]["action"] == "send"


def test_every_durable_consumer_of_the_topology_is_an_operation() -> None:
    named = {operation.get("x-nats-durable") for operation in document()["operations"].values()} - {None}
    assert named == {topology.durable(s, event) for s, heard in topology.LISTENERS.items() for event in heard}


@pytest.mark.parametrize("place", range(5))
def test_what_leaves_through_the_outbox_fits_the_published_schema(place: int) -> None:
    sample = _samples()[place]
    body = json.loads(envelope(sample, ID, "00-" + "a" * 32 + "-" + "b" * 16 + "-01"))
    assert _problems(type(sample), body) == []


def test_an_event_of_another_type_does_not_fit() -> None:
    body = json.loads(envelope(_listed(), ID, None))
    assert _problems(e.EmployerListed, {**body, "type": "cn.anxin.credit.removed.v1"})


def test_an_event_with_a_field_missing_does_not_fit() -> None:
    body = json.loads(envelope(_listed(), ID, None))
    del body["data"]["decision_no"]
    assert _problems(e.EmployerListed, body)


def _problems(event: type[e.Event], body: dict[str, Any]) -> list[str]:
    whole = document()
    schema = {**whole["components"]["messages"][event.__name__]["payload"], "components": whole["components"]}
    checker = jsonschema.Draft7Validator.FORMAT_CHECKER
    return [error.message for error in jsonschema.Draft7Validator(schema, format_checker=checker).iter_errors(body)]


def _listed() -> e.EmployerListed:
    return e.EmployerListed(
        listing_id=ID,
        sequence=1,
        uscc="91330100799655058B",
        subject_name="某某建设有限公司",
        parties=[e.ListedParty(role="legal_rep", name="王某")],
        decision_no="余人社欠薪列〔2026〕1号",
        deciding_org="杭州市余杭区人力资源和社会保障局",
        cause="限期支付后逾期未付",
        basis="人社部令第45号第五条第一项",
        listed_on=date(2026, 11, 23),
        expected_exit=date(2029, 11, 23),
        order_no="余劳监令〔2026〕1号",
        signature="eyJ.eyJ.sig",
    )


def _samples() -> list[e.Event]:
    """An event of each shape: a batch of columns, nested reasons, money, dates, optional fields."""
    row = e.ReceiptRow(receipt_id=ID, row=1, agency="tax-bureau", dataset="tax_arrears")
    reason = e.Reason(
        indicator="E05", family="tax_si", points=10, text_zh="欠税", text_en="Tax arrears", receipts=[row]
    )
    return [
        _listed(),
        e.RecordsAccepted.of(
            receipt_id=ID,
            agency="tax-bureau",
            dataset="tax_arrears",
            subject_kind="employer",
            subject_ids=["91330100799655058B", None],
            keys=["a", "b"],
            rows=[1, 2],
            source_times=[NOON, NOON],
            reported_at=NOON,
            columns={"balance": ["100.00", None]},
        ),
        e.EmployerScored(
            score_id=ID,
            name=None,
            division="330110005",
            level="orange",
            previous_level="none",
            points=60,
            families=["tax_si"],
            reasons=[reason],
            scored_at=NOON,
            rules_version="1",
            uscc="91330100799655058B",
        ),
        e.AlertFound(
            alert_id=ID,
            subject_kind="employer",
            subject_id="91330100799655058B",
            uscc=None,
            finding="confirmed",
            found_on=date(2026, 11, 23),
            score_id=ID,
            amount=Decimal("126000.00"),
        ),
        e.IdentityRevoked(kind="client", value="tax-bureau", revoked_at=NOON, until=NOON),
    ]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _references(child)


def _follow(whole: dict[str, Any], reference: str) -> Any:
    node: Any = whole
    for step in reference.removeprefix("#/").split("/"):
        node = node.get(step) if isinstance(node, dict) else None
    return node
