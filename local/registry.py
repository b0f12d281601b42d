"""Agencies and people of this platform: the issuer's own admin commands, run with the issuer's settings."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes

from local import files, pki
from local.environment import service_environment
from local.layout import Home, Ports
from local.refusals import Denied
from shared.certificates import thumbprint


@dataclass(frozen=True)
class Registry:
    """The issuer's records. Needs PostgreSQL to run, not the issuer."""

    home: Home
    ports: Ports

    def add_agency(self, client_id: str, scopes: Sequence[str], name: str | None = None) -> Path:
        """Certificate, key and grant in one step. Returns the folder with client.crt, client.key and ca.crt."""
        folder = pki.issue_agency(self.home.pki, client_id)
        who = {"id": client_id, "name": name or client_id, "scopes": " ".join(scopes)}
        self._admin("client", "add", *_options({**who, "thumbprint": thumbprint_in(folder)}))
        self.note(client_id, scopes)
        return folder

    def note(self, client_id: str, scopes: Sequence[str]) -> None:
        """What an agency was granted, beside its certificate, for the commands that speak as an agency."""
        note = {"client_id": client_id, "scopes": list(scopes), "agencies_url": self.ports.agencies_url}
        text = json.dumps(note, ensure_ascii=False, indent=1)
        files.write(self.home.agency(client_id) / "agency.json", text.encode())

    def agencies(self) -> list[dict[str, Any]]:
        """[{client_id, name, scopes, auth_method, revoked_at}]"""
        listed: list[dict[str, Any]] = json.loads(self._admin("client", "list"))
        return listed

    def revoke_agency(self, client_id: str) -> None:
        """Its certificate and tokens stop at once, and no command here speaks as it any more."""
        self._admin("client", "revoke", f"--id={client_id}")
        (self.home.agency(client_id) / "agency.json").unlink(missing_ok=True)

    def add_person(
        self, login: str, password: str, name: str, roles: Sequence[str], division: str, *, sig_jkt: str | None = None
    ) -> None:
        """A person who can log in. The password goes through standard input: a command line is everybody's to read."""
        who = {"login": login, "name": name, "roles": ",".join(roles), "division": division, "sig-jkt": sig_jkt}
        self._admin("person", "add", *_options(who), given=password)

    def seed(self, everybody: dict[str, Any]) -> None:
        """Clients and people in one step: {"clients": [...], "people": [...]}, as the issuer's `seed` takes it."""
        clients = [{**client, "scopes": _words(client["scopes"])} for client in everybody.get("clients", [])]
        self._admin("seed", "--file", "-", given=json.dumps({**everybody, "clients": clients}, ensure_ascii=False))

    def _admin(self, *arguments: str, given: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "gateway.issuer.admin", *arguments],
            env=service_environment("issuer", "issuer", self.home, self.ports),
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Denied(f"令牌服务拒绝：{reason}", f"The issuer refused: {reason}")
        return done.stdout


def thumbprint_in(folder: Path) -> str:
    """By what the issuer knows the certificate in an agency's folder, and takes no earlier one for it."""
    return thumbprint(pki.read_certificate(folder / "client.crt").fingerprint(hashes.SHA256()).hex())


def _options(given: Mapping[str, str | None]) -> list[str]:
    """Each value as one word with its option: a base64url value begins with a hyphen once in 64 times."""
    return [f"--{name}={value}" for name, value in given.items() if value is not None]


def _words(scopes: str | Sequence[str]) -> list[str]:
    """Scopes as a list; RFC 6749 writes them as one text."""
    return scopes.split() if isinstance(scopes, str) else list(scopes)
