"""A token is believed only if the issuer signed it, it is alive, bound to its certificate, and not revoked."""

import base64
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from shared.auth import Caller, authenticate, thumbprint_of
from shared.errors import Forbidden, Overloaded, Unauthorised
from shared.events import IdentityRevoked, SigningKeysPublished
from shared.identity import Identities
from shared.settings import Settings

SETTINGS = Settings(database_url="postgresql+psycopg://nobody@nowhere/x")
KEY = ECKey.generate_key("P-256", parameters={"kid": "k1"}, auto_kid=True)
OTHER_KEY = ECKey.generate_key("P-256", parameters={"kid": "k1"}, auto_kid=True)
CERTIFICATE_HASH = "ab" * 32
XFCC = f'By=spiffe://x;Hash={CERTIFICATE_HASH};Subject="CN=tax-bureau"'
THUMBPRINT = base64.urlsafe_b64encode(bytes.fromhex(CERTIFICATE_HASH)).decode().rstrip("=")


def identities() -> Identities:
    known = Identities()
    known.apply(SigningKeysPublished(jwks=dict(KeySet([KEY]).as_dict(private=False))))
    return known


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    calm = {
        "iss": SETTINGS.agency_issuer,
        "aud": "anxin",
        "sub": "tax-bureau",
        "client_id": "tax-bureau",
        "iat": now - 10,
        "exp": now + 3600,
        "jti": "t1",
        "scope": "ingest:tax_arrears ingest:tax_status",
        "cnf": {"x5t#S256": THUMBPRINT},
    }
    return calm | changes


def headers(token_claims: dict[str, Any], key: ECKey = KEY, typ: str = "at+jwt", xfcc: str = XFCC) -> dict[str, str]:
    token = jwt.encode({"alg": "ES256", "typ": typ, "kid": key.kid}, token_claims, key)
    return {"authorization": f"Bearer {token}", "x-forwarded-client-cert": xfcc}


def a_person(**changes: Any) -> dict[str, Any]:
    person = {"iss": SETTINGS.people_issuer, "sub": "li", "roles": ["inspector"], "division": "330110005"}
    return claims(**(person | {"scope": "alerts:verify"} | changes))


def check_of(given: dict[str, str]) -> str | None:
    with pytest.raises(Unauthorised) as refusal:
        authenticate(given, identities(), SETTINGS)
    return refusal.value.check


def test_an_agency_is_known_by_a_token_bound_to_its_certificate() -> None:
    caller = authenticate(headers(claims()), identities(), SETTINGS)
    assert (caller.kind, caller.id, caller.thumbprint) == ("agency", "tax-bureau", THUMBPRINT)
    assert caller.scopes == {"ingest:tax_arrears", "ingest:tax_status"}
    assert caller.jurisdiction == ""


def test_a_person_brings_roles_and_a_jurisdiction_and_needs_no_certificate() -> None:
    caller = authenticate(headers(a_person(), xfcc=""), identities(), SETTINGS)
    assert (caller.kind, caller.roles, caller.jurisdiction) == ("person", ("inspector",), "330110005")


@pytest.mark.parametrize(
    ("given", "check"),
    [
        ({}, "token_missing"),
        ({"authorization": "Basic abc"}, "token_missing"),
        ({"authorization": "Bearer not.a.token"}, "token_invalid"),
        (headers(claims(), xfcc=""), "certificate_missing"),
        (headers(claims(), xfcc=f"Hash={'cd' * 32}"), "token_not_bound"),
        (headers(claims(cnf={})), "token_not_bound"),
        (headers(claims(exp=int(time.time()) - 60)), "token_expired"),
        (headers(claims(aud="somebody-else")), "token_invalid"),
        (headers(claims(iss="https://evil.example")), "token_invalid"),
        (headers(claims(), typ="JWT"), "token_invalid"),
        (headers(claims(), key=OTHER_KEY), "token_invalid"),
    ],
)
def test_a_refusal_names_the_check_that_failed(given: dict[str, str], check: str) -> None:
    assert check_of(given) == check


def test_a_token_without_a_signature_is_refused() -> None:
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(b'{"sub":"tax-bureau"}').decode().rstrip("=")
    assert check_of({"authorization": f"Bearer {header}.{body}.", "x-forwarded-client-cert": XFCC}) == "token_invalid"


@pytest.mark.parametrize(("kind", "value"), [("token", "t1"), ("client", "tax-bureau")])
def test_a_revoked_token_or_client_is_refused_from_then_on(kind: Any, value: str) -> None:
    known = identities()
    known.apply(IdentityRevoked(kind=kind, value=value, revoked_at=datetime.now(UTC)))
    with pytest.raises(Unauthorised) as refusal:
        authenticate(headers(claims()), known, SETTINGS)
    assert refusal.value.check == "token_revoked"


def test_a_client_that_was_let_in_again_may_use_tokens_issued_after_its_revocation() -> None:
    known = identities()
    long_ago = datetime.now(UTC) - timedelta(days=1)
    known.apply(IdentityRevoked(kind="client", value="tax-bureau", revoked_at=long_ago))
    assert authenticate(headers(claims()), known, SETTINGS).id == "tax-bureau"


def test_before_the_issuers_keys_have_arrived_the_answer_is_later_not_no() -> None:
    with pytest.raises(Overloaded):
        authenticate(headers(claims()), Identities(), SETTINGS)


def test_scope_and_role_are_checked_by_name() -> None:
    caller: Caller = authenticate(headers(a_person()), identities(), SETTINGS)
    caller.must_have("alerts:verify")
    caller.must_be("squad_leader", "inspector")
    with pytest.raises(Forbidden) as scope:
        caller.must_have("credit:decide")
    with pytest.raises(Forbidden) as role:
        caller.must_be("bureau_head")
    assert (scope.value.check, role.value.check) == ("scope_missing", "role")


def test_a_hash_inside_the_subject_of_a_certificate_is_not_taken_for_the_certificates() -> None:
    assert thumbprint_of(f'Subject="CN=x;Hash={"cd" * 32};O=y";URI=z') is None


def test_a_token_that_was_known_is_checked_again_when_the_keys_change() -> None:
    known, given = identities(), headers(claims())
    authenticate(given, known, SETTINGS)
    known.apply(SigningKeysPublished(jwks=dict(KeySet([OTHER_KEY]).as_dict(private=False))))
    with pytest.raises(Unauthorised):
        authenticate(given, known, SETTINGS)


def test_a_token_that_was_known_still_expires() -> None:
    known = identities()
    given = headers(claims(exp=int(time.time()) - 60))
    token = given["authorization"].split()[1]
    known.remember(token, jwt.decode(token, known.keys).claims)
    with pytest.raises(Unauthorised) as refusal:
        authenticate(given, known, SETTINGS)
    assert refusal.value.check == "token_expired"
