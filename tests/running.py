"""A whole platform for a test: started and stopped by the very command that people use."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import state
from local.agency_client import AgencyClient
from local.layout import Home, Ports
from local.parts import platform as parts_of
from local.registry import Registry
from tests.ports import a_free_one, release

_START_S = 180


@dataclass(frozen=True)
class Running:
    """A platform that runs: where it lives and which ports it took."""

    home: Home
    ports: Ports
    clients: contextlib.ExitStack

    def anxin(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """The command, with this platform's home."""
        return anxin(*arguments, "--home", str(self.home.path), check=check)

    def status(self) -> dict[str, Any]:
        """What `anxin status --json` says."""
        found: dict[str, Any] = json.loads(self.anxin("status", "--json", check=False).stdout)
        return found

    def is_ready(self) -> bool:
        """Whether every part is, without a process for the question: it is asked again and again."""
        return state.running(self.home).ready

    def pid_of(self, part: str) -> int:
        """The process that a part is at this moment; 0 while it has none."""
        return next(one.pid for one in state.running(self.home).parts if one.name == part)

    def agency(self, client_id: str, scopes: list[str]) -> AgencyClient:
        """A new agency with certificate and grant, ready to speak."""
        folder = Registry(self.home, self.ports).add_agency(client_id, scopes)
        client = AgencyClient(self.ports.agencies_url, folder)
        self.clients.callback(client.close)
        return client


def anxin(*arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end; its output is part of a failure."""
    done = subprocess.run(
        [sys.executable, "-m", "local.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=_START_S,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
    )
    if check and done.returncode != 0:
        raise AssertionError(f"anxin {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


@contextlib.contextmanager
def running(path: Path) -> Iterator[Running]:
    """A platform without a demo, from ready to stopped."""
    with contextlib.ExitStack() as clients:
        here = Running(Home(path), Ports(_free_base(path)), clients)
        clients.callback(release, here.ports.base)
        try:
            anxin("up", "--home", str(path), "--port-base", str(here.ports.base), "--no-demo", "--detach")
            yield here
        finally:
            here.anxin("down", check=False)


def _free_base(path: Path) -> int:
    def are_free(base: int) -> bool:
        return all(_is_free(port) for part in parts_of(Home(path), Ports(base)) for port in part.ports)

    return a_free_one(range(12000, 30000, 500), are_free)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
