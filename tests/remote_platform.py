"""A platform of another office, played by a small server: TLS, client certificates, pages, and its faults."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import serialization

from local import pki
from services.ingest.connectors.definitions import Connector, shipped
from services.ingest.settings import Platform
from tests.ingest_desk import GOOD
from tests.ports import free_port

NAME = "provincial_wages"
PAGES, ALL = 3, 6
Answer = Callable[[str | None], tuple[int, bytes]]


def a_payroll(number: int) -> dict[str, Any]:
    """A payroll as the platform words it."""
    fields = next(feed.fields for feed in shipped()[NAME].feeds if feed.dataset == "hc_payroll")
    known = {"pay_roll_code": f"P{number}", "project_code": "3301102026000001", "corp_code": GOOD}
    return dict.fromkeys(fields) | known | {"pay_month": "2026-10", "payable_total": 1200.50}


def page_at(cursor: str | None) -> dict[str, Any]:
    """Three pages of two payrolls, and an empty one."""
    at = int(cursor or 0)
    records = [a_payroll(2 * at + 1), a_payroll(2 * at + 2)] if at < PAGES else []
    return {"records": records, "count": len(records), "next": str(at + 1) if at < PAGES else None}


def calm(cursor: str | None) -> tuple[int, bytes]:
    """The page, as it should be."""
    return 200, json.dumps(page_at(cursor)).encode()


def only_payrolls() -> Connector:
    """The connector, with the one dataset that the played platform has."""
    told = shipped()[NAME]
    feeds = [each for each in told.feeds if each.dataset == "hc_payroll"]
    return Connector.model_validate(told.model_dump() | {"feeds": feeds})


@dataclass
class Remote:
    """The platform that runs. `answer` may be changed at any time; `asked`: the cursors, `clients`: who asked."""

    url: str
    folder: Path
    answer: Answer = calm
    asked: list[str | None] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)

    def place(self, **changes: Any) -> Platform:
        """Where it is, as a deployment says it, with a certificate that it accepts."""
        known = {
            "ca": self.folder / "ca.crt",
            "certificate": self.folder / "anxin.crt",
            "key": self.folder / "anxin.key",
        }
        return Platform(**({"url": self.url} | known | changes))


def certificate(folder: Path, authority: pki.Authority, name: str, dns_names: list[str]) -> None:
    """`name.crt` and `name.key`, signed by the authority."""
    issued = pki.issue(authority, name, dns_names)
    (folder / f"{name}.crt").write_bytes(issued.certificate_pem)
    (folder / f"{name}.key").write_bytes(issued.key_pem)


@contextmanager
def remote_platform(folder: Path) -> Iterator[Remote]:
    """The platform, on loopback; it speaks only to clients with a certificate of its own authority."""
    authority = pki.new_authority("A platform's own CA")
    certificate(folder, authority, "platform", ["localhost"])
    certificate(folder, authority, "anxin", [])
    certificate(folder, pki.new_authority("Nobody's CA"), "stranger", [])
    (folder / "ca.crt").write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    remote = Remote(f"https://localhost:{(port := free_port())}/v1", folder)
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(remote))
    server.daemon_threads = True
    server.socket = _context(folder).wrap_socket(server.socket, server_side=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield remote
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def _context(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "platform.crt", folder / "platform.key")
    context.load_verify_locations(folder / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _handler(remote: Remote) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            cursor = parse_qs(urlsplit(self.path).query).get("cursor", [None])[0]
            remote.asked.append(cursor)
            remote.clients.append(dict(pair[0] for pair in self.connection.getpeercert()["subject"])["commonName"])
            status, body = remote.answer(cursor)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """A test says nothing."""

    return Handler
