"""How an agency's client waits: not for a certificate it cannot trust, not long where nobody is, and it says so."""

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from tenacity import RetryCallState, Retrying

from local import agency_client, pki, refusals
from local.agency_client import AgencyClient
from local.layout import Home


@pytest.fixture
def client(tmp_path: Path) -> AgencyClient:
    pki.ensure(tmp_path / "pki")
    return AgencyClient("https://localhost:1", pki.issue_agency(Home(tmp_path).pki, "tax-bureau"))


def answering(client: AgencyClient, *answers: httpx.Response | Exception) -> None:
    left = list(answers)

    def answer(_request: httpx.Request) -> httpx.Response:
        one = left.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    client.http = httpx.Client(base_url=client.url, transport=httpx.MockTransport(answer))


TOKEN = {"access_token": "a", "expires_in": 600}


def test_a_certificate_that_is_not_trusted_is_said_at_once(client: AgencyClient) -> None:
    error = httpx.ConnectError("handshake")
    error.__cause__ = ssl.SSLCertVerificationError(1, "self-signed certificate")
    error.__cause__.verify_message = "self-signed certificate"
    answering(client, error)
    with pytest.raises(refusals.Denied, match=r"not trusted by .*ca\.crt: self-signed certificate"):
        client.token()


def test_what_is_no_address_is_said_at_once(client: AgencyClient) -> None:
    client.http = httpx.Client(base_url="localhost:8443")
    with pytest.raises(refusals.Denied, match="cannot be reached"):
        client.token()


def test_waiting_is_said_once_with_its_reason(client: AgencyClient) -> None:
    heard: list[str] = []
    client.on_wait = heard.append
    later = httpx.Response(503, headers={"Retry-After": "0"})
    answering(client, later, later, httpx.Response(200, json=TOKEN))
    client.token()
    assert heard == ["HTTP 503"]


@pytest.mark.parametrize("asked", [timedelta(seconds=20), timedelta(hours=2), timedelta(seconds=-20)])
@pytest.mark.parametrize("told_as", ["a date", "seconds"])
def test_a_wait_is_read_as_seconds_and_as_a_date(asked: timedelta, told_as: str) -> None:
    wanted = min(max(asked.total_seconds(), 0), agency_client.LONGEST_PAUSE_S)
    date = format_datetime(datetime.now(UTC) + asked, usegmt=True)
    header = date if told_as == "a date" else str(int(max(asked.total_seconds(), 0)))
    assert pause_after(header) == pytest.approx(wanted, abs=3)


@pytest.mark.parametrize("header", ["²", "soon", "-5", ""])
def test_a_wait_that_cannot_be_read_is_one_of_our_own(header: str) -> None:
    assert pause_after(header) == 1.0


def pause_after(retry_after: str) -> float:
    state = RetryCallState(Retrying(), None, (), {})
    later = agency_client._Later(httpx.Response(503, headers={b"Retry-After": retry_after.encode()}))
    state.set_exception((type(later), later, None))
    return agency_client._pause(state)


def test_where_nobody_ever_answered_is_not_waited_for_long(client: AgencyClient) -> None:
    state = RetryCallState(Retrying(), None, (), {})
    refused = httpx.ConnectError("refused")
    state.set_exception((type(refused), refused, None))
    state.outcome_timestamp = state.start_time + agency_client.FIRST_PATIENCE_S
    assert client._is_over(state)
    client._was_reached = True
    assert not client._is_over(state)


def test_the_words_of_oauth_are_shown() -> None:
    body = {"error": "invalid_client", "error_description": "This agency was revoked."}
    said = str(agency_client.refused(httpx.Response(401, json=body)))
    assert said == "HTTP 401 invalid_client / invalid_client: This agency was revoked."


@pytest.mark.parametrize("content", [b"", b"[]", b"<html>"])
def test_a_refusal_without_words_ends_in_no_colon(content: bytes) -> None:
    assert str(agency_client.refused(httpx.Response(401, content=content))) == "HTTP 401 Unauthorized / Unauthorized"
