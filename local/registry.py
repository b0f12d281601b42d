"""Agencies and people of this platform: the issuer's own admin commands, run with the issuer's settings."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes

from local import files, pki
from local.environment import service_environment
from local.layout import Home, Ports
from local.refusals import Refusal
from shared.certificates import thumbprint


@dataclass(frozen=True)
class Registry:
    """The issuer's records. Needs PostgreSQL to run, not the issuer."""

    home: Home
    ports: Ports

    def add_agency(self, client_id: str, scopes: Sequence[str], name: str | None = None) -> Path:
        """Certificate, key and grant in one step. Returns the folder with client.crt, client.key and ca.crt."""
        folder = pki.issue_agency(self.home.pki, client_id)
        who = ["--id", client_id, "--name", name or client_id, "--scopes", " ".join(scopes)]
        # One word with its option: a thumbprint may begin with a hyphen.
        self._admin("client", "add", *who, f"--thumbprint={thumbprint_in(folder)}")
        note = {"client_id": client_id, "scopes": list(scopes), "agencies_url": self.ports.agencies_url}
        files.write(folder / "agency.json", json.dumps(note, ensure_ascii=False, indent=1).encode())
        return folder

    def agencies(self) -> list[dict[str, Any]]:
        """[{client_id, name, scopes, auth_method, revoked_at}]"""
        listed: list[dict[str, Any]] = json.loads(self._admin("client", "list"))
        return listed

    def revoke_agency(self, client_id: str) -> None:
        self._admin("client", "revoke", "--id", client_id)

    def add_person(self, login: str, password: str, name: str, roles: Sequence[str], division: str, *more: str) -> None:
        """A person who can log in. The password goes through standard input: a command line is everybody's to read."""
        who = ["--login", login, "--name", name, "--roles", ",".join(roles), "--division", division]
        self._admin("person", "add", *who, *more, given=password)

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
            raise Refusal(f"令牌服务拒绝：{reason}", f"The issuer refused: {reason}")
        return done.stdout


def thumbprint_in(folder: Path) -> str:
    """By what the issuer knows the certificate in an agency's folder, and takes no earlier one for it."""
    return thumbprint(pki.read_certificate(folder / "client.crt").fingerprint(hashes.SHA256()).hex())


def _words(scopes: str | Sequence[str]) -> list[str]:
    """Scopes as a list; RFC 6749 writes them as one text."""
    return scopes.split() if isinstance(scopes, str) else list(scopes)
