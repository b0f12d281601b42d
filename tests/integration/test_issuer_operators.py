"""What operators do at the command line: under their own name, and within the limits of the roles."""

import json
import os
import pwd
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from local import postgres as local_postgres
from shared.audit import AuditEntry
from shared.db import Database
from tests.conftest import SettingsOf

PERSON = {"name": "何宇", "roles": ["analyst"], "division": "330110", "password": "a long enough one"}


@pytest.fixture
def environment(postgres: local_postgres.Cluster) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "ANXIN_DATABASE_URL": postgres.url("issuer"),
        "ANXIN_DATABASE_PASSWORD": postgres.password("issuer"),
    }


@pytest.fixture
async def db(settings_of: SettingsOf) -> AsyncIterator[Database]:
    database = Database(settings_of("issuer"))
    yield database
    await database.close()


def admin(environment: dict[str, str], *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway.issuer.admin", *arguments]
    root = Path(__file__).parents[2]
    return subprocess.run(
        command, env=environment, input=given, capture_output=True, text=True, check=False, cwd=root, timeout=60
    )


async def _who(db: Database, subject: str) -> list[tuple[str, str]]:
    """(action, actor) of all that was done to that client or person, in order."""
    found = select(AuditEntry).where(col(AuditEntry.subject) == subject).order_by(col(AuditEntry.seq))
    async with db.transaction() as session:
        return [(entry.action, entry.actor) for entry in (await session.exec(found)).all()]


async def test_the_log_names_the_operator_who_says_who_he_is(environment: dict[str, str], db: Database) -> None:
    assert admin(environment, "--actor", "liu.yun", "client", "add", "--id", "audited", "--scopes", "x").returncode == 0
    assert admin(environment, "--actor", "ma.ke", "client", "revoke", "--id", "audited").returncode == 0
    assert await _who(db, "audited") == [
        ("client.registered", "operator:liu.yun"),
        ("client.revoked", "operator:ma.ke"),
    ]


async def test_the_log_names_the_systems_login_of_who_says_nothing(environment: dict[str, str], db: Database) -> None:
    seed = {"clients": [], "people": [PERSON | {"login": "audited.he"}]}
    assert admin(environment, "seed", "--file", "-", given=json.dumps(seed)).returncode == 0
    assert admin(environment, "person", "revoke", "--login", "audited.he").returncode == 0
    own = f"operator:{pwd.getpwuid(os.getuid()).pw_name}"
    assert await _who(db, "audited.he") == [("person.registered", own), ("person.revoked", own)]


@pytest.mark.parametrize("name", ["", "two words", "x" * 65, "operator:x"])
def test_a_name_that_is_none_is_a_wrong_usage(environment: dict[str, str], name: str) -> None:
    assert admin(environment, "--actor", name, "client", "list").returncode == 2


def test_a_seed_cannot_choose_who_did_it(environment: dict[str, str]) -> None:
    seed: dict[str, Any] = {"people": [PERSON | {"login": "framed.he", "actor": "somebody else"}]}
    assert admin(environment, "seed", "--file", "-", given=json.dumps(seed)).returncode == 1


def test_a_division_beyond_the_role_is_refused_in_one_sentence(environment: dict[str, str]) -> None:
    who = ["--login", "wide.he", "--roles", "dispatcher", "--division", "330110"]
    answer = admin(environment, "person", "add", *who, given="a password of my own\n")
    assert answer.returncode == 1
    assert answer.stderr == "The division 330110 must have 9 digits for these roles.\n"
