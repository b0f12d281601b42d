"""What may differ between one front door and another. Everything else is the template's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from typing import Any

SERVICES = ("ingest", "scoring", "alerts", "credit", "issuer")


class InvalidParameters(ValueError):
    """A value of the values file is unknown or impossible; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """Where one service listens (TLS, the edge's client certificate required).

    host: IP address or DNS name. port: TCP port. san: the DNS name its certificate must carry (default: the
    service's own name).
    """

    host: str
    port: int
    san: str = ""

    @property
    def discovery(self) -> str:
        """Envoy cluster type: a name is looked up again and again, an address never."""
        try:
            ip_address(self.host)
        except ValueError:
            return "STRICT_DNS"
        return "STATIC"


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Everything `render` needs. Paths are as Envoy sees them; times are seconds, sizes bytes.

    agencies_url, people_url: public addresses, which are also the `iss` of the tokens accepted there.
    listen_host, agencies_port, people_port: where clients connect. admin_host, admin_port: loopback only.
    ops_host, ops_port: a small listener for probes and Prometheus (/ready, /stats/prometheus, no more); 0 for none.
    pki_dir: holds front.crt|key (what clients see), ca.crt (signs client certificates), mesh-ca.crt (signs the
    services' certificates) and edge.crt|key (what Envoy shows to the services). secrets_dir: where the files of
    `secret_files` lie; then renewed certificates are taken without a restart. "" reads them once, at start.
    upstreams: one per name in SERVICES. audience: the `aud` of tokens.
    jwks_cache: a new signing key must be published at least twice this long before its first use; at least 6.
    agency_rate, agency_burst: requests a second, and at once, for each agency (certificate subject).
    people_rate, people_burst: the same for each remote address, however many connections it opens (IPv6: each /64).
    Gateways share nothing: two admit twice as much.
    ingest_body_limit, body_limit: largest request body, for records and for anything else.
    upstream_timeout: until a service has answered. header_timeout: until a client has finished the handshake, then
    its headers. idle_timeout: without a byte; five times that for a whole request.
    max_connections: of clients. heap_limit: Envoy refuses requests (503) near it.
    trusted_hops: proxies in front whose X-Forwarded-For is believed.
    otlp_endpoint: base URL of an OTLP/HTTP collector, "" for none; https is verified against mesh-ca.crt.
    access_log: a file, or /dev/stdout.
    """

    agencies_url: str = "https://localhost:8443"
    people_url: str = "https://localhost:8444"
    listen_host: str = "127.0.0.1"
    agencies_port: int = 8443
    people_port: int = 8444
    admin_host: str = "127.0.0.1"
    admin_port: int = 8490
    ops_host: str = "127.0.0.1"
    ops_port: int = 0
    pki_dir: str = "/etc/anxin/pki"
    secrets_dir: str = ""
    upstreams: Mapping[str, Upstream] = field(
        default_factory=lambda: {name: Upstream(host=name, port=8443) for name in SERVICES}
    )
    audience: str = "anxin"
    jwks_cache: int = 60
    agency_rate: int = 2500
    agency_burst: int = 5000
    people_rate: int = 50
    people_burst: int = 200
    ingest_body_limit: int = 64 * 1024 * 1024
    body_limit: int = 1024 * 1024
    upstream_timeout: int = 60
    header_timeout: int = 10
    idle_timeout: int = 60
    max_connections: int = 10_000
    heap_limit: int = 512 * 1024 * 1024
    trusted_hops: int = 0
    otlp_endpoint: str = ""
    access_log: str = "/dev/stdout"

    def __post_init__(self) -> None:
        missing = set(SERVICES) - set(self.upstreams)
        unknown = set(self.upstreams) - set(SERVICES)
        if missing or unknown:
            raise InvalidParameters(f"upstreams: missing {sorted(missing)}, unknown {sorted(unknown)}")
        # Envoy fetches the keys anew five seconds before they expire; without these it would do so without pause.
        if self.jwks_cache < 6:
            raise InvalidParameters("jwks_cache must be at least 6 seconds")
        for name in ("agency_rate", "agency_burst", "people_rate", "people_burst", "body_limit", "ingest_body_limit"):
            if getattr(self, name) <= 0:
                raise InvalidParameters(f"{name} must be greater than 0")

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Parameters:
        """From a values file: keys are the field names; `upstreams` maps a name to {host, port[, san]}."""
        unknown = set(values) - {each.name for each in fields(cls)}
        if unknown:
            raise InvalidParameters(f"unknown values: {', '.join(sorted(unknown))}")
        given = dict(values)
        if "upstreams" in given:
            given["upstreams"] = {name: Upstream(**each) for name, each in given["upstreams"].items()}
        return cls(**given)
