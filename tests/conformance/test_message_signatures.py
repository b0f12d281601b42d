"""The library that checks agencies' signatures agrees with the example of RFC 9421 (B.2.6) and the digest in it."""

from types import SimpleNamespace

import pytest
from http_message_signatures import ContentDigest, HTTPMessageVerifier, InvalidSignature, MappingKeyResolver
from http_message_signatures.algorithms import ED25519

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
