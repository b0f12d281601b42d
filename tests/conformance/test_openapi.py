"""A stranger's fuzzer, schemathesis, against every service through Envoy: no 5xx, no broken promise."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.story import chapters
from local.story.office import Office
from tests.running import Running

ROOT = Path(__file__).parent.parent.parent
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
PEOPLE = {"scoring": "chen.yi", "alerts": "zhao.min", "credit": "zhou.jie"}


@pytest.fixture(scope="module")
def office(platform: Running) -> Iterator[Office]:
    chapters.invite(platform.home, platform.ports)
    people = Office(platform.home, platform.ports)
    yield people
    people.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service", PEOPLE)
def test_a_stranger_who_fuzzes_a_service_as_a_person_meets_no_server_error(
    platform: Running, office: Office, service: str, tmp_path: Path
) -> None:
    spec = office.get("chen.yi", f"/openapi/{service}.json")
    token = office.token(PEOPLE[service])
    _fuzz(platform, platform.ports.people_url, _saved(spec, tmp_path), "--header", f"Authorization:Bearer {token}")


@pytest.mark.timeout(300)
def test_a_stranger_who_fuzzes_ingest_as_an_agency_meets_no_server_error(platform: Running, tmp_path: Path) -> None:
    client = platform.agency("fuzzer", ["ingest:tax_arrears", "ingest:ut_water"])
    spec = client.get("/openapi/ingest.json").json()
    file, url = _saved(spec, tmp_path), platform.ports.agencies_url
    certificate = ("--request-cert", str(client.folder / "client.crt"))
    key = ("--request-cert-key", str(client.folder / "client.key"))
    _fuzz(platform, url, file, *certificate, *key, "--header", f"Authorization:Bearer {client.token()}")


@pytest.mark.timeout(300)
def test_a_stranger_who_fuzzes_the_issuer_meets_no_server_error(
    platform: Running, office: Office, tmp_path: Path
) -> None:
    spec = office.get("chen.yi", "/openapi/issuer.json")
    _fuzz(platform, platform.ports.people_url, _saved(spec, tmp_path))


def _saved(spec: dict[str, object], folder: Path) -> Path:
    file = folder / "openapi.json"
    file.write_text(json.dumps(spec))
    return file


def _fuzz(platform: Running, url: str, file: Path, *more: str) -> None:
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            *("run", str(file), "--url", url, "--checks", CHECKS, "--phases", "examples,fuzzing"),
            *("--max-examples", "15", "--seed", "1", "--no-shrink", "--warnings", "off", "--request-timeout", "20"),
            *("--suppress-health-check", "all", "--tls-verify", str(platform.home.pki.certificate("ca"))),
            *more,
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=file.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.conformance.fuzzer_hooks"},
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
