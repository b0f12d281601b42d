"""Registering agencies and people from the command line: `python -m gateway.issuer.admin client|person|seed ...`.

Works with the database role `issuer` (ANXIN_DATABASE_URL and its password). Secrets come on standard input, never as
arguments. Who did it stands in the audit log: the operating system's login, or `--actor NAME` before the command.
Prints JSON; exit status 0: done, 1: refused, 2: wrong usage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pwd
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from gateway.issuer import store
from gateway.issuer.models import Client, Person
from gateway.issuer.usecases import grants, register
from shared.db import Database, Session
from shared.errors import AnxinError
from shared.settings import Settings

_NAME = re.compile(r"[\w.-]{1,64}")
Work = Callable[[Session, argparse.Namespace, datetime], Awaitable[Any]]


async def client_add(session: Session, given: argparse.Namespace, now: datetime) -> dict[str, Any]:
    jwks = json.loads(_text_of(given.jwks)) if given.jwks else None
    client = await register.add_client(
        session,
        client_id=given.id,
        name=given.name or given.id,
        scopes=given.scopes.split(),
        subject=given.subject,
        thumbprints=given.thumbprint or (),
        jwks=jwks,
        now=now,
        actor=_actor(given),
    )
    return _shown_client(client)


async def client_list(session: Session, _given: argparse.Namespace, now: datetime) -> list[dict[str, Any]]:
    return [await _standing_client(session, each, now) for each in await store.clients(session)]


async def client_revoke(session: Session, given: argparse.Namespace, now: datetime) -> dict[str, Any]:
    await register.revoke_client(session, given.id, now, _actor(given))
    return {"client_id": given.id, "revoked_at": now.isoformat()}


async def person_add(session: Session, given: argparse.Namespace, now: datetime) -> dict[str, Any]:
    person = await register.add_person(
        session,
        login=given.login,
        name=given.name or given.login,
        password=sys.stdin.readline().rstrip("\n"),
        roles=given.roles.replace(",", " ").split(),
        division=given.division,
        sig_jkt=given.sig_jkt,
        now=now,
        actor=_actor(given),
    )
    return _shown_person(person)


async def person_list(session: Session, _given: argparse.Namespace, _now: datetime) -> list[dict[str, Any]]:
    return [_shown_person(each) for each in await store.people(session)]


async def person_revoke(session: Session, given: argparse.Namespace, now: datetime) -> dict[str, Any]:
    await register.revoke_person(session, given.login, now, _actor(given))
    return {"login": given.login, "revoked_at": now.isoformat()}


async def seed(session: Session, given: argparse.Namespace, now: datetime) -> dict[str, Any]:
    """Everything of a file at once, or nothing: {"clients": [...], "people": [...]}, fields as in usecases/register."""
    wanted, actor = json.loads(_text_of(given.file)), _actor(given)
    clients = [await register.add_client(session, now=now, actor=actor, **one) for one in wanted.get("clients", [])]
    people = [await register.add_person(session, now=now, actor=actor, **one) for one in wanted.get("people", [])]
    return {"clients": [_shown_client(each) for each in clients], "people": [_shown_person(each) for each in people]}


def _actor(given: argparse.Namespace) -> str:
    """Who the audit log names. The prefix keeps an operator from passing for a person who logs in."""
    return f"operator:{given.actor or own_login()}"


def own_login() -> str:
    """The operating system's name of who runs this."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user has a number only
        return f"uid-{os.getuid()}"


def _text_of(file: str) -> str:
    return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")


def _shown_client(client: Client) -> dict[str, Any]:
    shown = {"client_id", "name", "auth_method", "subject", "thumbprints", "scopes", "redirect_uris", "revoked_at"}
    return client.model_dump(mode="json", include=shown)


async def _standing_client(session: Session, client: Client, now: datetime) -> dict[str, Any]:
    """What it may do now: what was given at registration less what was revoked, and what was approved since."""
    scopes = client.scopes if client.revoked_at else await grants.scopes_of(session, client, now)
    return {**_shown_client(client), "scopes": sorted(scopes)}


def _shown_person(person: Person) -> dict[str, Any]:
    return person.model_dump(mode="json", include={"login", "name", "roles", "division", "sig_jkt", "revoked_at"})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway.issuer.admin", description=__doc__)
    parser.add_argument("--actor", metavar="NAME", type=_name, help="who does this (default: your own login)")
    kinds = parser.add_subparsers(required=True)
    client = kinds.add_parser("client").add_subparsers(required=True)
    add = _command(client, "add", client_add, "--id")
    add.add_argument("--scopes", required=True, help="separated by spaces")
    for option in ("--name", "--subject", "--jwks"):
        add.add_argument(option)
    add.add_argument("--thumbprint", action="append", help="pin a certificate: base64url SHA-256")
    _command(client, "list", client_list)
    _command(client, "revoke", client_revoke, "--id")
    person = kinds.add_parser("person").add_subparsers(required=True)
    add = _command(person, "add", person_add, "--login", "--roles")
    for option in ("--name", "--division", "--sig-jkt"):
        add.add_argument(option)
    _command(person, "list", person_list)
    _command(person, "revoke", person_revoke, "--login")
    _command(kinds, "seed", seed, "--file")
    return parser


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("a name has 1 to 64 letters, digits, dots, hyphens or underscores")
    return text


def _command(parent: Any, name: str, work: Work, *required: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = parent.add_parser(name)
    parser.set_defaults(work=work)
    for option in required:
        parser.add_argument(option, required=True)
    return parser


async def _run(given: argparse.Namespace) -> Any:
    db = Database(Settings())
    try:
        async with db.transaction() as session:
            return await given.work(session, given, datetime.now(UTC))
    finally:
        await db.close()


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        done = asyncio.run(_run(given))
    except AnxinError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    except (SQLAlchemyError, OSError, ValueError, TypeError) as error:
        # The driver's own words may hold a row's values: the kind of failure has to do.
        sys.stderr.write(
            f"Not done: {type(error).__name__}. {error if isinstance(error, (OSError, TypeError)) else ''}\n"
        )
        return 1
    sys.stdout.write(json.dumps(done, ensure_ascii=False, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
