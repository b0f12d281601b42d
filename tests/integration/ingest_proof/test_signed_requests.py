"""An agency's own signature: checked before anything is taken in, kept as evidence, and never demanded."""

import gzip
import json
from typing import Any

import httpx

from services.ingest.routes.signing import CERTIFICATE
from tests.ingest_desk import Door, a_tax_record
from tests.signed_requests import COVERED, Signer, signer
from tests.unit.test_shared_auth import claims, headers

PATH = "/v1/datasets/tax_arrears/records"
URL = f"https://localhost:8443{PATH}"
OURS = signer()
BODY = json.dumps([a_tax_record()], ensure_ascii=False).encode()


async def send(door: Door, given: dict[str, str], body: bytes = BODY, who: Signer = OURS) -> httpx.Response:
    token = claims(scope="ingest:tax_arrears", cnf={"x5t#S256": who.keyid})
    connection = headers(token, xfcc=f'Hash={who.digest};Subject="CN=tax-bureau"')
    return await door.client.post(PATH, content=body, headers={**given, **connection, CERTIFICATE: who.pem})


async def evidence(door: Door, receipt: dict[str, Any]) -> list[tuple[Any, ...]]:
    return await door.rows(
        "select keyid, algorithm, encode(sent_sha256, 'hex'), base from ingest.sender_signature where receipt_id = :r",
        r=receipt["receipt_id"],
    )


async def test_a_signed_request_is_taken_and_its_signature_kept(door: Door) -> None:
    answer = await send(door, OURS.signed(URL, BODY, {"content-type": "application/json"}))
    receipt = answer.json()
    assert (answer.status_code, receipt["signed"]) == (202, True)
    ((keyid, algorithm, sent, base),) = await evidence(door, receipt)
    assert (keyid, algorithm, sent) == (OURS.keyid, "ecdsa-p256-sha256", receipt["sha256"])
    assert f'"@target-uri": {URL}\n' in base


async def test_a_request_without_a_signature_is_taken_as_well(door: Door) -> None:
    answer = await send(door, {"content-type": "application/json"})
    assert (answer.status_code, answer.json()["signed"]) == (202, False)
    assert await evidence(door, answer.json()) == []


async def test_of_a_signed_and_packed_request_the_very_bytes_that_were_signed_are_kept(door: Door) -> None:
    packed = gzip.compress(BODY)
    given = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = await send(door, OURS.signed(URL, packed, given, covered=(*COVERED, "content-encoding")), packed)
    ((_, _, sent, _),) = await evidence(door, answer.json())
    kept = await door.rows("select encode(sha256, 'hex'), bytes from ingest.body")
    assert {(answer.json()["sha256"], len(BODY)), (sent, len(packed))} <= {tuple(row) for row in kept}


async def test_a_wrong_signature_refuses_the_request_and_names_the_check(door: Door) -> None:
    given = OURS.signed(URL, BODY, {"content-type": "application/json"})
    before = await door.rows("select count(*) from ingest.receipt")
    for changed, check in (
        ({"content-type": "application/x-ndjson"}, "signature_invalid"),
        ({"signature": "nonsense"}, "signature_malformed"),
    ):
        answer = await send(door, given | changed)
        assert (answer.status_code, answer.json()["check"]) == (401, check)
        assert answer.json()["title_zh"] == "请求签名未通过验证"
    other = await send(door, given, body=BODY + b" ")
    assert (other.status_code, other.json()["check"]) == (400, "content_digest")
    assert await door.rows("select count(*) from ingest.receipt") == before


async def test_a_certificate_that_is_not_that_of_the_connection_signs_nothing(door: Door) -> None:
    stranger = signer()
    given = stranger.signed(URL, BODY, {"content-type": "application/json"}, keyid=OURS.keyid)
    answer = await send(door, given)
    assert (answer.status_code, answer.json()["check"]) == (401, "signature_invalid")


async def test_the_same_file_again_keeps_the_first_evidence(door: Door) -> None:
    given = {"content-type": "application/json", "idempotency-key": "signed-twice"}
    first = (await send(door, OURS.signed(URL, BODY, given))).json()
    again = (await send(door, OURS.signed(URL, BODY, given))).json()
    assert again == first
    assert len(await evidence(door, first)) == 1
