"""A request's signature holds for exactly what was signed, by the certificate's own key, now - or names what failed."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.message_signatures import (
    DigestRefused,
    Evidence,
    Message,
    SignatureRefused,
    is_signed,
    must_have_the_digest,
    verified,
)
from tests.signed_requests import COVERED, Key, Signer, signer

URL = "https://localhost:8443/v1/datasets/tax_arrears/records"
BODY = b'[{"taxpayer":"x"}]'
TYPE = {"content-type": "application/json"}
OURS = signer()


def message(headers: dict[str, str], url: str = URL, method: str = "POST") -> Message:
    return Message(method, url, list(headers.items()))


def check(headers: dict[str, str], who: Signer = OURS, body: bytes = BODY, **where: Any) -> Evidence:
    return verified(message(headers, **where), body, who.pem, who.keyid)


def refusal(headers: dict[str, str], who: Signer = OURS, **where: Any) -> str | None:
    with pytest.raises(SignatureRefused) as refused:
        check(headers, who, **where)
    return refused.value.check


@pytest.mark.parametrize(
    ("make", "algorithm"),
    [
        (lambda: ec.generate_private_key(ec.SECP256R1()), "ecdsa-p256-sha256"),
        (ed25519.Ed25519PrivateKey.generate, "ed25519"),
        (lambda: rsa.generate_private_key(65537, 2048), "rsa-pss-sha512"),
    ],
)
def test_a_signature_by_the_certificates_key_holds(make: Callable[[], Key], algorithm: str) -> None:
    who = signer(make())
    found = check(who.signed(URL, BODY, TYPE, more=f';alg="{algorithm}"'), who)
    assert (found.algorithm, found.keyid) == (algorithm, who.keyid)
    assert found.base.startswith(f'"@method": POST\n"@target-uri": {URL}\n')


def test_a_request_without_a_signature_is_not_signed_and_half_of_one_is() -> None:
    assert not is_signed(message(TYPE))
    assert is_signed(message({"signature-input": "x"}))
    assert refusal({"signature-input": "x"}) == "signature_malformed"


@pytest.mark.parametrize("covered", [COVERED, ("@method", "@path", "content-type", "content-digest")])
def test_target_uri_or_path_says_where_it_goes(covered: tuple[str, ...]) -> None:
    assert check(OURS.signed(URL, BODY, TYPE, covered=covered)).keyid == OURS.keyid


@pytest.mark.parametrize("missing", COVERED)
def test_a_signature_that_leaves_something_open_is_refused(missing: str) -> None:
    covered = tuple(name for name in COVERED if name != missing)
    assert refusal(OURS.signed(URL, BODY, TYPE, covered=covered)) == "signature_coverage"


def test_a_content_encoding_must_be_covered_where_there_is_one() -> None:
    packed = {**TYPE, "content-encoding": "gzip"}
    assert refusal(OURS.signed(URL, BODY, packed)) == "signature_coverage"
    assert check(OURS.signed(URL, BODY, packed, covered=(*COVERED, "content-encoding"))).keyid == OURS.keyid


def test_a_query_must_be_covered() -> None:
    covered = ("@method", "@path", "content-type", "content-digest")
    assert refusal(OURS.signed(URL, BODY, TYPE, covered=covered), url=f"{URL}?a=1") == "signature_coverage"


@pytest.mark.parametrize("age", [-90, 700, 24 * 3600])
def test_a_signature_of_another_time_is_refused(age: int) -> None:
    assert refusal(OURS.signed(URL, BODY, TYPE, created=int(time.time()) - age)) == "signature_time"


def test_a_signature_that_has_expired_is_refused() -> None:
    assert refusal(OURS.signed(URL, BODY, TYPE, more=f";expires={int(time.time()) - 120}")) == "signature_time"


def test_another_certificates_key_is_refused() -> None:
    other = signer()
    assert refusal(other.signed(URL, BODY, TYPE)) == "signature_key"
    assert refusal(other.signed(URL, BODY, TYPE, keyid=OURS.keyid)) == "signature_invalid"


def test_a_certificate_that_the_gateway_did_not_verify_is_refused() -> None:
    other = signer()
    with pytest.raises(SignatureRefused) as refused:
        verified(message(other.signed(URL, BODY, TYPE)), BODY, other.pem, OURS.keyid)
    assert refused.value.check == "signature_key"


def test_a_weak_algorithm_in_the_message_changes_nothing() -> None:
    assert refusal(OURS.signed(URL, BODY, TYPE, more=';alg="hmac-sha256"')) == "signature_invalid"


def test_two_signatures_are_one_too_many() -> None:
    headers = OURS.signed(URL, BODY, TYPE)
    headers["signature-input"] += ", " + headers["signature-input"].replace("sig1", "sig2")
    headers["signature"] += ", " + headers["signature"].replace("sig1", "sig2")
    assert refusal(headers) == "signature_malformed"


@given(st.binary(max_size=40).filter(lambda other: other != BODY))
def test_another_body_is_never_taken_for_the_signed_one(other: bytes) -> None:
    with pytest.raises(DigestRefused):
        check(OURS.signed(URL, BODY, TYPE), body=other)


@given(st.sampled_from(["method", "url", "content-type"]), st.text("abcdefgh/", min_size=1, max_size=9))
def test_a_changed_request_never_passes(what: str, other: str) -> None:
    headers = OURS.signed(URL, BODY, TYPE)
    changed = message(
        headers | ({what: other} if what == "content-type" else {}),
        url=URL + other if what == "url" else URL,
        method="PUT" if what == "method" else "POST",
    )
    with pytest.raises(SignatureRefused) as refused:
        verified(changed, BODY, OURS.pem, OURS.keyid)
    assert refused.value.check == "signature_invalid"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_whatever_stands_in_the_headers_it_is_a_refusal_that_names_its_check(noise: str) -> None:
    headers = OURS.signed(URL, BODY, TYPE)
    for name in ("signature-input", "signature"):
        assert (refusal(headers | {name: noise}) or "").startswith("signature_")


def test_a_digest_without_a_signature_is_compared_too() -> None:
    headers = {"content-digest": OURS.signed(URL, BODY, TYPE)["content-digest"]}
    must_have_the_digest(message(headers), BODY)
    must_have_the_digest(message({}), BODY)
    with pytest.raises(DigestRefused):
        must_have_the_digest(message(headers), BODY + b" ")
