"""The parts of the platform as data: what runs, with which settings, after what, and how we know that it is ready."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from local import nats, postgres, probes
from local.environment import base_environment, collector_url, service_environment
from local.front_door import envoy_command, write_envoy_configuration
from local.layout import SERVICES, Home, Ports
from local.nats_configuration import DEFAULT_FILE_STORE
from local.process import User
from local.secrets import ensure_data_key


@dataclass(frozen=True)
class Part:
    """One process of the platform.

    `once`: it does its work and ends with status 0 (a deploy step). `prepare` runs before every start, `settle` when it
    first answers, and again when that raises OSError. `ready` is asked again and again; `alive` false for a while means
    restart.
    """

    name: str
    command: Callable[[], list[str]]
    env: Mapping[str, str]
    after: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    ready: Callable[[], bool] = lambda: True
    alive: Callable[[], bool] = lambda: True
    prepare: Callable[[], None] = lambda: None
    settle: Callable[[], None] = lambda: None
    once: bool = False
    user: Callable[[], User | None] = lambda: None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL


def platform(home: Home, ports: Ports) -> list[Part]:
    """Every part, in the order in which they are shown and started; stopped the other way round."""
    ours = [
        _postgres(home, ports),
        _nats(home, ports),
        _migrate(home, ports),
        _streams(home, ports),
        _service("issuer", home, ports),
        *(_service(name, home, ports) for name in SERVICES if name != "issuer"),
        _envoy(home, ports),
        _public_credit(home, ports),
    ]
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return ours
    # The collector goes first and stays to the last, or the last spans of the others would be lost.
    return [_collector(home, ports), *(replace(part, after=("collector", *part.after)) for part in ours)]


def cluster(home: Home, ports: Ports) -> postgres.Cluster:
    return postgres.Cluster(home.path / "postgres", home.secrets, ports.postgres)


def nats_server(home: Home, ports: Ports) -> nats.Server:
    return nats.Server(home.path / "nats", home.pki, ports.nats, ports.nats_monitoring)


def module(name: str, *arguments: str) -> Callable[[], list[str]]:
    return lambda: [sys.executable, "-m", name, *arguments]


def _postgres(home: Home, ports: Ports) -> Part:
    here = cluster(home, ports)
    return Part(
        "postgres",
        command=partial(postgres.command, here),
        env=base_environment(),
        ports=(ports.postgres,),
        prepare=partial(postgres.initialise, here),
        settle=partial(postgres.settle, here),
        ready=partial(postgres.is_ready, here),
        user=partial(postgres.user, here),
        stop_signal=postgres.STOP_SIGNAL,
        death_signal=postgres.DEATH_SIGNAL,
    )


def _nats(home: Home, ports: Ports) -> Part:
    here = nats_server(home, ports)
    return Part(
        "nats",
        command=partial(nats.command, here),
        env=base_environment(),
        ports=(ports.nats, ports.nats_monitoring),
        prepare=partial(nats.prepare, here),
        ready=partial(nats.is_ready, here),
    )


def _migrate(home: Home, ports: Ports) -> Part:
    environment = service_environment("operator", postgres.OWNER, home, ports)
    return Part("migrate", module("shared.migrate", "all"), environment, after=("postgres",), once=True)


def _streams(home: Home, ports: Ports) -> Part:
    environment = service_environment("operator", postgres.OWNER, home, ports)
    return Part(
        "streams",
        module("shared.topology", "apply", "1", str(DEFAULT_FILE_STORE)),
        environment,
        after=("nats",),
        once=True,
    )


def _service(name: str, home: Home, ports: Ports) -> Part:
    health = f"http://127.0.0.1:{ports.ops(name)}/health"
    own = {
        "ANXIN_LISTEN_PORT": str(ports.api(name)),
        "ANXIN_OPS_PORT": str(ports.ops(name)),
        **(EXTRAS[name](home, ports) if name in EXTRAS else {}),
    }
    return Part(
        name,
        module("gateway.issuer" if name == "issuer" else f"services.{name}"),
        {**service_environment(name, name, home, ports), **own},
        after=("migrate", "streams"),
        ports=(ports.api(name), ports.ops(name)),
        prepare=partial(ensure_data_key, home, name),
        ready=partial(probes.answers, f"{health}/ready"),
        alive=partial(probes.answers, f"{health}/live"),
    )


def _credit_settings(home: Home, ports: Ports) -> dict[str, str]:
    return {
        "ANXIN_WEBHOOK_CA": str(home.pki.certificate("mesh-ca")),
        "ANXIN_WEBHOOK_ALLOWED_HOSTS": f"localhost:{ports.public_credit}",
    }


def _alerts_settings(home: Home, ports: Ports) -> dict[str, str]:
    del home, ports
    # A term that runs out should be seen at once by whoever moves the clock.
    return {"ANXIN_TICK_INTERVAL_S": "1"}


EXTRAS: dict[str, Callable[[Home, Ports], dict[str, str]]] = {"credit": _credit_settings, "alerts": _alerts_settings}


def _collector(home: Home, ports: Ports) -> Part:
    arguments = ("--file", str(home.spans), "--port", str(ports.collector))
    return Part(
        "collector",
        module("local.collector", *arguments),
        base_environment(),
        ports=(ports.collector,),
        ready=partial(probes.answers, f"http://127.0.0.1:{ports.collector}/health"),
    )


def _envoy(home: Home, ports: Ports) -> Part:
    admin = f"http://127.0.0.1:{ports.envoy_admin}"
    return Part(
        "envoy",
        partial(envoy_command, home, ports),
        base_environment(),
        after=SERVICES,
        ports=(ports.agencies, ports.people, ports.envoy_admin),
        prepare=partial(write_envoy_configuration, home, ports, collector_url(ports)),
        ready=partial(probes.answers, f"{admin}/ready"),
    )


def _public_credit(home: Home, ports: Ports) -> Part:
    arguments = ("--home", str(home.path), "--port-base", str(ports.base))
    environment = service_environment("subscriber-public-credit", "public-credit", home, ports)
    environment.pop("ANXIN_SECRETS_DIR")  # it is another department's: it has no secret of ours
    return Part(
        "public-credit",
        module("local.credit_system", *arguments),
        environment,
        after=("nats",),
        ports=(ports.public_credit,),
        ready=partial(probes.listens, ports.public_credit),
    )
