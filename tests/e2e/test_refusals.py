"""Who must not get in, does not; and is told which check failed. The real issuer, behind the real Envoy."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from local import pki
from local.agency_client import AgencyClient
from local.story.office import wait_for
from tests.running import Running

PATH = "/v1/datasets/tax_arrears/records"


@pytest.fixture(scope="module")
def bureau(platform: Running) -> AgencyClient:
    return platform.agency("refused-tax", ["ingest:tax_arrears"])


@pytest.fixture(scope="module")
def company(platform: Running) -> AgencyClient:
    return platform.agency("refused-water", ["ingest:ut_water"])


@contextmanager
def holding(platform: Running, folder: Path, certificate: pki.Issued | None) -> Iterator[httpx.Client]:
    """A client at the agencies' door with that certificate, or with none."""
    trust = ssl.create_default_context(cafile=str(platform.home.pki.certificate("ca")))
    if certificate:
        (folder / "client.crt").write_bytes(certificate.certificate_pem)
        (folder / "client.key").write_bytes(certificate.key_pem)
        trust.load_cert_chain(folder / "client.crt", folder / "client.key")
    with httpx.Client(base_url=platform.ports.agencies_url, verify=trust, timeout=20) as client:
        yield client


def assert_refused(answer: httpx.Response, status: int, check: str) -> None:
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    body = answer.json()
    assert (answer.status_code, body["check"]) == (status, check)
    assert {"type", "title", "title_zh", "detail", "instance", "request_id"} <= set(body)


def send(client: httpx.Client, token: str | None) -> httpx.Response:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    return client.post(PATH, content=b"[]", headers=headers)


@pytest.mark.parametrize("path", [PATH, "/oauth/token"])
def test_without_a_certificate_nothing_is_answered_but_a_refusal(
    platform: Running, tmp_path: Path, path: str, bureau: AgencyClient
) -> None:
    with holding(platform, tmp_path, None) as client:
        headers = {"Authorization": f"Bearer {bureau.token()}"}
        assert_refused(client.post(path, content=b"[]", headers=headers), 401, "certificate_missing")


def test_a_certificate_of_another_authority_is_refused(platform: Running, tmp_path: Path, bureau: AgencyClient) -> None:
    stranger = pki.issue(pki.new_authority("Another CA"), "refused-tax", [])
    with holding(platform, tmp_path, stranger) as client:
        assert_refused(send(client, bureau.token()), 401, "certificate_untrusted")


def test_an_expired_certificate_is_refused(platform: Running, tmp_path: Path, bureau: AgencyClient) -> None:
    ours, long_ago = pki.load_authority(platform.home.pki, "ca"), datetime.now(UTC) - timedelta(days=30)
    expired = pki.issue(ours, "refused-tax", [], lifetime=timedelta(days=1), now=long_ago)
    with holding(platform, tmp_path, expired) as client:
        assert_refused(send(client, bureau.token()), 401, "certificate_expired")


def test_another_agencys_token_is_refused(bureau: AgencyClient, company: AgencyClient) -> None:
    assert_refused(send(company.http, bureau.token()), 401, "token_not_bound")


def test_a_token_without_the_datasets_scope_is_refused(company: AgencyClient) -> None:
    assert_refused(send(company.http, company.token()), 403, "scope_missing")


def test_a_tampered_token_is_refused(bureau: AgencyClient) -> None:
    head, body, signature = bureau.token().split(".")
    forged = f"{head}.{body}.{signature[:-4]}{'AAAA' if not signature.endswith('AAAA') else 'BBBB'}"
    assert_refused(send(bureau.http, forged), 401, "token_invalid")


def test_no_token_is_refused(bureau: AgencyClient) -> None:
    assert_refused(send(bureau.http, None), 401, "token_missing")


def test_a_scope_that_was_not_granted_gives_no_token(company: AgencyClient) -> None:
    form = {"grant_type": "client_credentials", "client_id": "refused-water", "scope": "ingest:tax_arrears"}
    answer = company.http.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_a_revoked_agency_is_refused_within_seconds_though_its_token_lives(platform: Running) -> None:
    agency = platform.agency("refused-later", ["ingest:tax_arrears"])
    token = agency.token()
    platform.anxin("agency", "revoke", "refused-later")
    wait_for("the refusal", lambda: send(agency.http, token).status_code == 401 or None, 15)
    assert_refused(send(agency.http, token), 401, "token_revoked")


def test_good_papers_are_let_in(bureau: AgencyClient) -> None:
    answer = send(bureau.http, bureau.token())
    assert (answer.status_code, answer.json()["received"]) == (202, 0), answer.text
