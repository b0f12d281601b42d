"""nats-server and Envoy themselves read the configurations that ship; only the folders of their files are others."""

import subprocess
import tempfile
from pathlib import Path

from local import pki
from tests.k8s.agreements import config
from tests.k8s.model import BINARIES, Document, Finding

_PKI = "/etc/anxin/pki"


def check(documents: list[Document]) -> list[Finding]:
    """What `nats-server -t` and `envoy --mode validate` say of the rendered ConfigMaps."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        pki.ensure(home / "pki")
        return [*_check_nats(documents, home), *_check_envoy(documents, home)]


def _check_nats(documents: list[Document], home: Path) -> list[Finding]:
    text = config(documents, "nats-config").get("nats.conf")
    if text is None:
        return [Finding("nats-server -t", "nats-config", "has no nats.conf")]
    path = home / "nats.conf"
    path.write_text(_at(text, home).replace('"/data"', f'"{home}/data"'), encoding="utf-8")
    command = [str(BINARIES / "nats-server"), "-t", "-c", str(path)]
    return _run("nats-server -t", "nats-config", command, {"POD_NAME": "nats-0"})


def _check_envoy(documents: list[Document], home: Path) -> list[Finding]:
    files = config(documents, "gateway-config")
    if "envoy.yaml" not in files:
        return [Finding("envoy --mode validate", "gateway-config", "has no envoy.yaml")]
    for name, text in files.items():
        (home / name).write_text(_at(text, home), encoding="utf-8")
    command = [str(BINARIES / "envoy"), "--mode", "validate", "-c", str(home / "envoy.yaml"), "--log-level", "error"]
    return _run("envoy --mode validate", "gateway-config", command, {})


def _at(text: str, home: Path) -> str:
    return text.replace(_PKI, str(home / "pki")).replace("/etc/envoy", str(home))


def _run(check: str, where: str, command: list[str], environment: dict[str, str]) -> list[Finding]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    if done.returncode == 0:
        return []
    said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    return [Finding(check, where, " / ".join(said[-3:])[:600] or f"exit code {done.returncode}")]
