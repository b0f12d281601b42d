"""What Envoy leaves to the service behind it: the token is bound to the certificate, and has the scope."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends
from joserfc.jwk import KeySet

from gateway.envoy import Parameters
from local.pki import thumbprint
from shared.auth import Caller, require, thumbprint_of
from shared.db import Database
from shared.events import SigningKeysPublished
from shared.identity import Identities
from shared.service import Runtime, Service, create_app
from shared.settings import Settings
from tests.gateway_answers import RECORDS
from tests.gateway_door import Door, open_door


def a_service(parameters: Parameters) -> Any:
    """A service of the platform, as small as it can be: it checks binding and scope by `shared.auth`."""
    router = APIRouter()

    @router.get(RECORDS)
    def read(caller: Annotated[Caller, Depends(require("ingest:tax_arrears"))]) -> dict[str, str]:
        return {"caller": caller.id}

    settings = Settings(
        database_url="postgresql+psycopg://nobody@127.0.0.1/nothing",
        agency_issuer=parameters.agencies_url,
        people_issuer=parameters.people_url,
    )
    runtime = Runtime(settings, Database(settings), Identities())
    return create_app(Service("probe", "for tests", (router,)), runtime)


@pytest.fixture(scope="module")
def service_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("service"), a_service) as door:
        runtime = door.neighbour.service.state.runtime
        keys = dict(KeySet([door.key]).as_dict(private=False))
        runtime.identities.apply(SigningKeysPublished(jwks=keys))
        yield door


def bound_to(door: Door, agency: str) -> dict[str, Any]:
    """The `cnf` claim of that agency's certificate."""
    digest = thumbprint((door.pki.agencies / agency / "client.crt").read_bytes())
    return {"cnf": {"x5t#S256": str(thumbprint_of(f"Hash={digest}"))}}


def test_the_agencys_own_token_with_the_scope_is_served(service_door: Door) -> None:
    token = service_door.token(scope="ingest:tax_arrears", **bound_to(service_door, "tax-bureau"))
    with service_door.client("tax-bureau") as client:
        answer = client.get(RECORDS, headers=token)
    assert (answer.status_code, answer.json()) == (200, {"caller": "tax-bureau"})


def test_another_agencys_token_is_refused_by_the_service(service_door: Door) -> None:
    token = service_door.token(scope="ingest:tax_arrears", **bound_to(service_door, "tax-bureau"))
    with service_door.client("water-company") as thief:
        answer = thief.get(RECORDS, headers=token)
    assert (answer.status_code, answer.json()["check"]) == (401, "token_not_bound")


def test_an_unbound_token_is_refused_by_the_service(service_door: Door) -> None:
    with service_door.client("tax-bureau") as client:
        answer = client.get(RECORDS, headers=service_door.token(scope="ingest:tax_arrears"))
    assert (answer.status_code, answer.json()["check"]) == (401, "token_not_bound")


def test_a_forged_certificate_header_does_not_help(service_door: Door) -> None:
    digest = thumbprint((service_door.pki.agencies / "tax-bureau" / "client.crt").read_bytes())
    token = service_door.token(scope="ingest:tax_arrears", **bound_to(service_door, "tax-bureau"))
    with service_door.client("water-company") as thief:
        answer = thief.get(
            RECORDS, headers=token | {"x-forwarded-client-cert": f'Hash={digest};Subject="CN=tax-bureau"'}
        )
    assert (answer.status_code, answer.json()["check"]) == (401, "token_not_bound")


def test_a_token_without_the_scope_is_refused_by_the_service(service_door: Door) -> None:
    token = service_door.token(scope="ingest:ut_water", **bound_to(service_door, "tax-bureau"))
    with service_door.client("tax-bureau") as client:
        answer = client.get(RECORDS, headers=token)
    assert (answer.status_code, answer.json()["check"]) == (403, "scope_missing")
