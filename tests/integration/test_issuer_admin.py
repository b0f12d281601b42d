"""Registering agencies and people from the command line, as an operator does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import postgres as local_postgres

LOGIN = {"login": "he.yu", "name": "何宇", "roles": ["analyst"], "division": "330110", "password": "a long enough one"}


@pytest.fixture
def environment(postgres: local_postgres.Cluster) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "ANXIN_DATABASE_URL": postgres.url("issuer"),
        "ANXIN_DATABASE_PASSWORD": postgres.password("issuer"),
    }


def admin(environment: dict[str, str], *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway.issuer.admin", *arguments]
    root = Path(__file__).parents[2]
    return subprocess.run(
        command, env=environment, input=given, capture_output=True, text=True, check=False, cwd=root, timeout=60
    )


def test_an_agency_is_registered_changed_listed_and_revoked(environment: dict[str, str]) -> None:
    added = admin(environment, "client", "add", "--id", "housing", "--scopes", "ingest:hc_project")
    assert added.returncode == 0, added.stderr
    assert json.loads(added.stdout)["subject"] == "CN=housing"
    admin(environment, "client", "add", "--id", "housing", "--scopes", "ingest:hc_project ingest:hc_worker")
    assert admin(environment, "client", "revoke", "--id", "housing").returncode == 0
    listed = {each["client_id"]: each for each in json.loads(admin(environment, "client", "list").stdout)}
    assert listed["housing"]["scopes"] == ["ingest:hc_project", "ingest:hc_worker"]
    assert listed["housing"]["revoked_at"]


def test_who_is_not_there_cannot_be_revoked(environment: dict[str, str]) -> None:
    answer = admin(environment, "client", "revoke", "--id", "nobody")
    assert (answer.returncode, answer.stderr) == (1, "There is no client nobody.\n")


def test_a_password_comes_on_standard_input_and_never_comes_back(environment: dict[str, str]) -> None:
    added = admin(
        environment, "person", "add", "--login", "he.jia", "--roles", "auditor", given="a password of my own\n"
    )
    assert added.returncode == 0, added.stderr
    listed = admin(environment, "person", "list").stdout
    assert "he.jia" in listed
    assert "password" not in added.stdout + listed


@pytest.mark.parametrize(
    ("roles", "password", "said"),
    [("king", "a password of my own", "Unknown roles: king."), ("auditor", "short", "at least 12 characters")],
)
def test_a_wrong_person_is_refused_in_one_sentence(
    environment: dict[str, str], roles: str, password: str, said: str
) -> None:
    answer = admin(environment, "person", "add", "--login", "x.y", "--roles", roles, given=password)
    assert answer.returncode == 1
    assert said in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_a_seed_registers_all_or_nothing(environment: dict[str, str]) -> None:
    good = {"clients": [{"client_id": "court", "name": "法院", "scopes": ["ingest:court_cases"]}], "people": [LOGIN]}
    done = admin(environment, "seed", "--file", "-", given=json.dumps(good))
    assert done.returncode == 0, done.stderr
    bad = {"clients": [{"client_id": "gas", "name": "x", "scopes": []}], "people": [LOGIN | {"roles": ["king"]}]}
    assert admin(environment, "seed", "--file", "-", given=json.dumps(bad)).returncode == 1
    listed = [each["client_id"] for each in json.loads(admin(environment, "client", "list").stdout)]
    assert "court" in listed
    assert "gas" not in listed


def test_an_unknown_field_in_a_seed_is_said(environment: dict[str, str]) -> None:
    answer = admin(environment, "seed", "--file", "-", given=json.dumps({"clients": [{"client": "x"}]}))
    assert answer.returncode == 1
    assert "client" in answer.stderr
