"""A stranger's upload client, tuspy, against the platform through Envoy: what it sends arrives and is taken in."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from local.agency_client import AgencyClient
from local.story.records import credit_code
from tests.running import Running

KIND = {"filetype": "application/x-ndjson", "filename": "三月.ndjson"}


@pytest.fixture
def agency(platform: Running, monkeypatch: pytest.MonkeyPatch) -> AgencyClient:
    """An agency; tuspy finds the authority to trust in the environment only."""
    client = platform.agency("stranger", ["ingest:tax_social_fee"])
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(client.folder / "ca.crt"))
    return client


def tus(agency: AgencyClient) -> TusClient:
    place = f"{agency.url}/v1/datasets/tax_social_fee/imports"
    certificate = (str(agency.folder / "client.crt"), str(agency.folder / "client.key"))
    return TusClient(place, {"Authorization": f"Bearer {agency.token()}"}, client_cert=certificate)


def a_file(folder: Path, rows: int) -> Path:
    file = folder / "三月.ndjson"
    records = ({"uscc": credit_code(900_000 + n), "period": "2026-10", "arrears": "0.00"} for n in range(rows))
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return file


@pytest.mark.timeout(120)
def test_an_interrupted_upload_is_resumed_by_a_stranger_and_taken_in_once(agency: AgencyClient, tmp_path: Path) -> None:
    more: dict[str, Any] = {"metadata": KIND, "chunk_size": 30_000, "upload_checksum": True}
    with a_file(tmp_path, 2000).open("rb") as content:
        begun = tus(agency).uploader(file_stream=content, **more)
        begun.upload(stop_at=60_000)
        resumed = tus(agency).uploader(file_stream=content, url=begun.url, **more)
        assert resumed.offset == 60_000
        resumed.upload()
    ended = _watched_to_its_end(agency, str(resumed.url))
    assert (ended["state"], ended["received"], ended["accepted"]) == ("done", 2000, 2000)
    receipt = agency.get(ended["receipt"]).json()
    assert (receipt["receipt_id"], receipt["accepted"]) == (ended["import_id"], 2000)


def _watched_to_its_end(agency: AgencyClient, url: str) -> dict[str, Any]:
    """The last of the server-sent events, as they came through Envoy."""
    events = f"{httpx.URL(url).path}/events"
    bearer = {"Authorization": f"Bearer {agency.token()}"}
    with agency.http.stream("GET", events, headers=bearer) as answer:
        told = [line.removeprefix("data: ") for line in answer.iter_lines() if line.startswith("data: ")]
    last: dict[str, Any] = json.loads(told[-1])
    return last


@pytest.mark.timeout(120)
def test_a_stranger_who_sends_all_at_once_meets_no_limit_of_the_front_door(
    agency: AgencyClient, tmp_path: Path
) -> None:
    file = tmp_path / "zeros.ndjson"
    with file.open("wb") as content:
        content.truncate(70 * 1024 * 1024 + 1)
    with file.open("rb") as content:
        upload = tus(agency).uploader(file_stream=content, metadata=KIND)
        upload.upload(stop_at=70 * 1024 * 1024)
    assert upload.offset == upload.get_offset() == 70 * 1024 * 1024
    bearer = {"Authorization": f"Bearer {agency.token()}", "Tus-Resumable": "1.0.0"}
    place = httpx.URL(str(upload.url)).path
    assert agency.http.delete(place, headers=bearer).status_code == 204
    assert agency.http.head(place, headers=bearer).status_code == 410


@pytest.mark.timeout(120)
def test_an_upload_that_is_never_begun_says_why(agency: AgencyClient, tmp_path: Path) -> None:
    with a_file(tmp_path, 1).open("rb") as content:
        nothing = tus(agency).uploader(file_stream=content, metadata={"filetype": "application/pdf"})
        with pytest.raises(TusCommunicationError, match="415"):
            nothing.upload()
