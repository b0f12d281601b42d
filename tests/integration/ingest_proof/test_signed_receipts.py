"""A receipt as a JWS: anybody can verify it, it never changes, and it costs only who asks for it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from joserfc import jwt as jose
from joserfc.jwk import KeySet
from jwcrypto.jwk import JWKSet
from jwcrypto.jws import JWS

from services.ingest import usecases
from services.ingest.usecases.proofs import Seal
from shared.crypto import Vault
from tests.conftest import SettingsOf
from tests.ingest_desk import Door, a_tax_record, person_headers, settings_for

KEYS = "/.well-known/receipt-keys"


async def a_receipt(door: Door, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await door.send("tax_arrears", [a_tax_record(**changes)])).json()
    return found


async def jws_of(door: Door, receipt: dict[str, Any]) -> str:
    answer = await door.get(f"/v1/receipts/{receipt['receipt_id']}/jws")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/jose")
    return answer.text


async def test_a_stranger_verifies_a_receipt_with_whatever_jose_library(door: Door) -> None:
    receipt = await a_receipt(door)
    token = await jws_of(door, receipt)
    keys = (await door.client.get(KEYS)).json()
    kid = jwt.get_unverified_header(token)["kid"]
    key = next(each for each in jwt.PyJWKSet.from_dict(keys).keys if each.key_id == kid)
    by_pyjwt = jwt.decode(token, key, algorithms=["ES256"])
    by_joserfc = jose.decode(token, KeySet.import_key_set(keys), algorithms=["ES256"]).claims
    by_jwcrypto = JWS.from_jose_token(token)
    by_jwcrypto.verify(JWKSet.from_json((await door.client.get(KEYS)).text).get_key(kid))
    assert by_pyjwt == by_joserfc
    assert (by_pyjwt["jti"], by_pyjwt["sub"], by_pyjwt["dataset"]) == (
        receipt["receipt_id"],
        "tax-bureau",
        "tax_arrears",
    )
    assert by_pyjwt["file"]["sha256"] == receipt["sha256"]
    assert by_pyjwt["rows"] == {
        name: receipt.get(name, 0)
        for name in ("received", "accepted", "unchanged", "superseded", "rejected", "unmatched")
    }
    assert by_pyjwt["sender_signature"] is None


async def test_a_signed_receipt_never_changes_whoever_asks_and_however_many_at_once(door: Door) -> None:
    receipt = await a_receipt(door)
    tokens = await asyncio.gather(*(jws_of(door, receipt) for _ in range(8)))
    assert len(set(tokens)) == 1
    assert await jws_of(door, receipt) == tokens[0]


async def test_nothing_is_signed_before_somebody_asks(door: Door) -> None:
    receipt = await a_receipt(door)
    signed = "select count(*) from ingest.signed_receipt where receipt_id = :r"
    assert await door.rows(signed, r=receipt["receipt_id"]) == [(0,)]


async def test_the_keys_are_for_everybody_and_hold_no_private_half(door: Door) -> None:
    answer = await door.client.get(KEYS)
    assert answer.status_code == 200
    assert answer.json()["keys"]
    assert all("d" not in key for key in answer.json()["keys"])


async def test_a_receipt_is_signed_for_its_agency_and_for_whoever_may_read_receipts_on_record(door: Door) -> None:
    receipt = await a_receipt(door)
    path = f"/v1/receipts/{receipt['receipt_id']}/jws"
    assert (await door.get(path, agency="water-company")).status_code == 404
    assert (await door.client.get(path, headers=person_headers("alerts:read"))).status_code == 403
    assert (await door.client.get(path, headers=person_headers("receipts:read"))).status_code == 200
    trace = await door.rows("select actor, action from ingest.audit where subject = :r", r=receipt["receipt_id"])
    assert trace == [("person:li", "receipt.read")]


async def test_an_old_key_signs_no_more_is_gone_and_still_verifies(door: Door, settings_of: SettingsOf) -> None:
    old = await jws_of(door, await a_receipt(door))
    seal = Seal(Vault.of(settings_for(settings_of("ingest"))), timedelta(days=1), "https://localhost:8443")
    later = datetime.now(UTC) + timedelta(days=400)
    async with door.db.transaction() as session:
        keys = await usecases.receipt_keys(session, seal, later)
    assert jose.decode(old, KeySet.import_key_set(keys), algorithms=["ES256"]).claims["sub"] == "tax-bureau"  # type: ignore[arg-type]
    kid = jwt.get_unverified_header(old)["kid"]
    assert await door.rows("select sealed from ingest.receipt_key where kid = :k", k=kid) == [(None,)]
    assert len(keys["keys"]) >= 2
