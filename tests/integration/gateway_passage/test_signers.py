"""Whoever signs his request shows his certificate inside, by the gateway's word; nobody else shows any."""

from urllib.parse import unquote

from services.ingest.routes.signing import CERTIFICATE
from tests.gateway_door import Door

SIGNED = {
    "signature-input": 'sig1=("@method");created=1',
    "signature": "sig1=:AAAA:",
    "content-digest": "sha-256=:AAAA:",
}


def test_the_certificate_goes_in_with_a_signature_and_signature_headers_pass_unchanged(door: Door) -> None:
    with door.client() as client:
        seen = client.post("/v1/datasets/tax_arrears/records", headers={**door.token(), **SIGNED}).json()["headers"]
    assert unquote(seen[CERTIFICATE]) == (door.pki.agencies / "tax-bureau" / "client.crt").read_text()
    assert {name: seen[name] for name in SIGNED} == SIGNED


def test_without_a_signature_no_certificate_goes_in_whatever_the_client_says(door: Door) -> None:
    with door.client() as client:
        forged = {**door.token(), CERTIFICATE: "-----BEGIN%20CERTIFICATE-----"}
        seen = client.post("/v1/datasets/tax_arrears/records", headers=forged).json()["headers"]
        signed = client.post("/v1/datasets/tax_arrears/records", headers={**forged, **SIGNED}).json()["headers"]
    assert CERTIFICATE not in seen
    assert unquote(signed[CERTIFICATE]) == (door.pki.agencies / "tax-bureau" / "client.crt").read_text()


def test_a_person_shows_none(door: Door) -> None:
    with door.client(None, side="people") as client:
        asked = {**door.token("people"), **SIGNED, CERTIFICATE: "forged"}
        seen = client.get("/v1/receipts/1", headers=asked).json()["headers"]
    assert CERTIFICATE not in seen


def test_the_keys_of_receipts_are_for_everybody_and_come_from_ingest(door: Door) -> None:
    with door.client(None, side="people") as client:
        assert client.get("/.well-known/receipt-keys").json()["path"] == "/.well-known/receipt-keys"
