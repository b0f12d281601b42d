"""The settings each part is given. Paths and addresses only: secrets are files below `ANXIN_SECRETS_DIR`."""

import os

from local.layout import Home, Ports

# How a service's process is set up, as in the image. Each thread of ours would keep what large files left behind in an
# arena of its own; a pool of threads for columns costs more to wake than it helps: others work at the same time.
PROCESS = {"MALLOC_ARENA_MAX": "2", "POLARS_MAX_THREADS": "1"}


def service_environment(name: str, role: str, home: Home, ports: Ports) -> dict[str, str]:
    """The settings of a part that speaks to PostgreSQL as `role` and to the others as `name`. No secret is in it."""
    pki = home.pki
    return {
        **base_environment(),
        **PROCESS,
        "ANXIN_DATABASE_URL": ports.database_url(role),
        "ANXIN_SECRETS_DIR": str(home.secrets / role),
        "ANXIN_NATS_URL": ports.nats_url,
        "ANXIN_TLS_CERT": str(pki.certificate(name)),
        "ANXIN_TLS_KEY": str(pki.key(name)),
        "ANXIN_TLS_CA": str(pki.certificate("mesh-ca")),
        "ANXIN_TLS_CLIENT_CA": str(pki.certificate("edge-ca")),
        "ANXIN_AGENCY_ISSUER": ports.agencies_url,
        "ANXIN_PEOPLE_ISSUER": ports.people_url,
        "ANXIN_CLOCK_FILE": str(home.clock),
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector_url(ports),
    }


def collector_url(ports: Ports) -> str:
    """Where spans go: the standard variable, else our own collector."""
    return os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or f"http://127.0.0.1:{ports.collector}"


def base_environment() -> dict[str, str]:
    """Our own environment without what would lead a part astray: other platforms' settings and proxies."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANXIN_")}
    without_proxies = {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")}
    return {**without_proxies, "PYTHONUNBUFFERED": "1"}
