"""The library that checks agencies' signatures agrees with the example of RFC 9421 (B.2.6) and the digest in it.

And a large file, signed by hand when its upload begins, is proven by its receipt: through the real Envoy, in pieces.
"""

import json
from base64 import b64encode
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from http_message_signatures import ContentDigest, HTTPMessageVerifier, InvalidSignature, MappingKeyResolver
from http_message_signatures.algorithms import ED25519

from local.agency_client import AgencyClient
from local.story.office import wait_for
from local.story.records import credit_code
from tests.running import Running
from tests.signed_requests import load, sha256_digest

KEY = b"""-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
"""
BODY = b'{"hello": "world"}'
HEADERS = {
    "Host": "example.com",
    "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "Content-Type": "application/json",
    "Content-Digest": "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BN"
    "NyealdVLvRwEmTHWXvJwew==:",
    "Content-Length": "18",
    "Signature-Input": 'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
    ';created=1618884473;keyid="test-key-ed25519"',
    "Signature": "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
}
PIECE, ROWS = 400_000, 20_000
PLACE = "/v1/datasets/tax_social_fee/imports"
TUS = {"tus-resumable": "1.0.0"}
COVERED = ("@method", "@target-uri", "repr-digest", "upload-length", "upload-metadata")


def verify(**changes: str) -> None:
    request = SimpleNamespace(
        method="POST", url="https://example.com/foo?param=Value&Pet=dog", headers={**HEADERS, **changes}
    )
    keys = MappingKeyResolver(public_keys={"test-key-ed25519": KEY}, private_keys={})
    HTTPMessageVerifier(signature_algorithm=ED25519, key_resolver=keys).verify(request, max_age=None)


def test_the_rfcs_signature_holds_and_a_changed_one_does_not() -> None:
    verify()
    with pytest.raises(InvalidSignature):
        verify(Date="Tue, 20 Apr 2021 02:07:56 GMT")


def test_the_rfcs_digest_is_that_of_its_body() -> None:
    ContentDigest.verify(HEADERS["Content-Digest"], BODY)
    with pytest.raises(InvalidSignature):
        ContentDigest.verify(HEADERS["Content-Digest"], BODY + b"\n")


@pytest.mark.timeout(180)
def test_a_large_file_signed_when_its_upload_begins_is_proven_by_its_receipt(platform: Running, tmp_path: Path) -> None:
    agency, file = platform.agency("signing-large", ["ingest:tax_social_fee"]), a_file(tmp_path)
    place = _begun(agency, file.read_bytes())
    assert _sent(agency, place, file.read_bytes()) > 2
    ended = wait_for("the file to be taken in", lambda: _ended(agency, place), 90)
    assert (ended["state"], ended["received"], ended["accepted"]) == ("done", ROWS, ROWS)
    receipt = agency.get(ended["receipt"]).json()
    assert (receipt["signed"], receipt["received"]) == (True, ROWS)

    saved = tmp_path / "receipt.jws"
    save = ("receipt", "save", receipt["receipt_id"], "--agency", agency.client_id, "--out", str(saved))
    platform.anxin(*save)
    proven = platform.anxin("receipt", "verify", str(saved), "--body", str(file)).stdout
    for said in ("tax_social_fee", "the agency's own signature holds (CN=signing-large)", "数据文件相符"):
        assert said in proven


@pytest.mark.timeout(180)
def test_another_large_file_than_the_signed_one_is_refused_whole(platform: Running, tmp_path: Path) -> None:
    agency, signed = platform.agency("signing-another", ["ingest:tax_social_fee"]), a_file(tmp_path).read_bytes()
    place = _begun(agency, signed)
    _sent(agency, place, signed.replace(b'"0.00"', b'"9.00"', 1))
    ended = wait_for("the file to be refused", lambda: _ended(agency, place), 90)
    receipt = agency.get(ended["receipt"]).json()
    assert (ended["state"], receipt["received"], receipt["signed"]) == ("refused", 0, False)
    assert "content-digest-refused" in str(ended["problem"])


def a_file(folder: Path) -> Path:
    file = folder / "large.ndjson"
    records = ({"uscc": credit_code(950_000 + n), "period": "2026-10", "arrears": "0.00"} for n in range(ROWS))
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return file


def _begun(agency: AgencyClient, file: bytes) -> str:
    """The place of an upload that was begun with a signature over the digest of the whole file."""
    who = load((agency.folder / "client.crt").read_bytes(), (agency.folder / "client.key").read_bytes())
    metadata = f"filename {b64encode(b'large.ndjson').decode()}"
    given = {"repr-digest": sha256_digest(file), "upload-length": str(len(file)), "upload-metadata": metadata}
    begun = agency.ask("POST", PLACE, {**TUS, **who.signed_as_given(agency.url + PLACE, given, covered=COVERED)})
    assert begun.status_code == 201, begun.text
    return str(begun.headers["location"]).removeprefix(agency.url)


def _sent(agency: AgencyClient, place: str, file: bytes) -> int:
    """Send all of it, piece by piece, from where the platform says that it is; how many pieces it took."""
    pieces = 0
    while (at := int(agency.ask("HEAD", place, TUS).headers["upload-offset"])) < len(file):
        headers = {**TUS, "upload-offset": str(at), "content-type": "application/offset+octet-stream"}
        assert agency.ask("PATCH", place, headers, file[at : at + PIECE]).status_code == 204
        pieces += 1
    return pieces


def _ended(agency: AgencyClient, place: str) -> dict[str, Any] | None:
    told: dict[str, Any] = agency.get(place).json()
    return told if told["state"] in ("done", "refused") else None
