"""A token must be whole, signed by the issuer, in its header, and for here and now."""

import time
from typing import Any

import pytest
from joserfc.jwk import ECKey

from tests.gateway_answers import RECORDS, refused
from tests.gateway_door import Door

SKEW_S = 5


def test_a_good_certificate_and_token_pass(door: Door) -> None:
    with door.client() as client:
        answer = client.post(RECORDS, headers=door.token(), content=b"{}")
    assert answer.status_code == 200
    assert answer.json()["path"] == RECORDS


def test_the_scheme_of_a_token_has_no_case(door: Door) -> None:
    lower = {"authorization": door.token()["authorization"].replace("Bearer", "bearer")}
    with door.client() as client:
        assert client.get(RECORDS, headers=lower).status_code == 200


@pytest.mark.parametrize(
    ("claims", "check"),
    [
        ({"exp": 1_000_000_000}, "token_expired"),
        ({"exp": None}, "token_invalid"),
        ({"aud": "somebody-else"}, "token_invalid"),
        ({"iss": "https://elsewhere"}, "token_invalid"),
        ({"nbf": 9_000_000_000}, "token_invalid"),
    ],
)
def test_a_token_that_is_not_for_here_and_now_is_refused(door: Door, claims: dict[str, Any], check: str) -> None:
    before = len(door.neighbour.seen)
    with door.client() as client:
        refused(client.get(RECORDS, headers=door.token(**claims)), 401, check)
    assert len(door.neighbour.seen) == before


def test_a_token_that_expires_while_the_gateway_knows_it_is_refused(door: Door) -> None:
    """A token is checked once and kept (`jwt_cache_config`); its end is looked at each time, five seconds of grace."""
    ends = int(time.time()) - 1
    token = door.token(exp=ends)
    with door.client() as client:
        for _ in range(3):
            assert client.get(RECORDS, headers=token).status_code == 200
        time.sleep(max(0.0, ends + SKEW_S + 1.2 - time.time()))
        before = len(door.neighbour.seen)
        for _ in range(3):
            refused(client.get(RECORDS, headers=token), 401, "token_expired")
    assert len(door.neighbour.seen) == before


def test_no_token_is_refused_and_the_answer_says_how_to_send_one(door: Door) -> None:
    with door.client() as client:
        answer = client.get(RECORDS)
    refused(answer, 401, "token_missing")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_in_the_address_is_no_token(door: Door) -> None:
    """It would stand in every log on the way (RFC 6750 section 5.3)."""
    token = door.token()["authorization"].removeprefix("Bearer ")
    with door.client() as client:
        refused(client.get(RECORDS, params={"access_token": token}), 401, "token_missing")


def test_a_tampered_token_is_refused(door: Door) -> None:
    head, body, signature = door.token()["authorization"].split(".")
    forged = "A" if signature[9] != "A" else "B"
    for token in (
        f"{head}.{body}.{signature[:9]}{forged}{signature[10:]}",
        f"{head}.{body[:-3]}x{body[-2:]}.{signature}",
    ):
        with door.client() as client:
            refused(client.get(RECORDS, headers={"authorization": token}), 401, "token_invalid")


def test_a_token_signed_by_a_key_of_ones_own_is_refused(door: Door) -> None:
    own = ECKey.generate_key("P-256", {"kid": str(door.key.kid)})
    forger = Door(door.parameters, door.pki, own, door.neighbour, door.home, door.log)
    with door.client() as client:
        refused(client.get(RECORDS, headers=forger.token()), 401, "token_invalid")


def test_an_unsigned_token_is_refused(door: Door) -> None:
    _, body, _ = door.token()["authorization"].split(".")
    with door.client() as client:
        refused(
            client.get(RECORDS, headers={"authorization": f"Bearer eyJhbGciOiJub25lIn0.{body}."}), 401, "token_invalid"
        )


def test_an_agencys_token_opens_nothing_on_the_peoples_side_and_the_other_way_round(door: Door) -> None:
    with door.client(None, side="people") as person:
        refused(person.get("/v1/alerts", headers=door.token("agencies")), 401, "token_invalid")
    with door.client() as agency:
        refused(agency.get(RECORDS, headers=door.token("people")), 401, "token_invalid")


def test_without_a_token_one_does_not_learn_what_is_there(door: Door) -> None:
    with door.client() as client:
        refused(client.get("/nowhere"), 401, "token_missing")
