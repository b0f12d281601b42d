"""A service as data, and how it runs: its API behind mTLS, its consumers, its relay, its health.

`run(service)` is the whole of a `__main__.py`. Tests use `start(...)` and `create_app(...)` with their own settings.
"""

import asyncio
import gc
import logging
import signal
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse
from nats.aio.client import Client
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from shared import bus, calendar, identity, outbox, telemetry
from shared.bus import Consumers
from shared.db import Database
from shared.http import new_app
from shared.identity import Identities
from shared.sampling import Sampling
from shared.settings import Settings

log = logging.getLogger(__name__)

_CERTIFICATE_CHECK_S = 60


@dataclass
class Runtime:
    """What a running service holds. `tasks` are its endless ones: a dead task makes the service unhealthy."""

    settings: Settings
    db: Database
    identities: Identities
    nats: Client | None = None
    bus_tls: ssl.SSLContext | None = None
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    sampling: Sampling = field(init=False)

    def __post_init__(self) -> None:
        self.sampling = Sampling(self.settings.traces_a_second)

    def dead_tasks(self) -> list[str]:
        """Names of the endless tasks that have ended."""
        return [name for name, task in self.tasks.items() if task.done()]


Background = Callable[[Runtime], Awaitable[None]]


@dataclass(frozen=True)
class Service:
    """A service: what it is called, what it answers, what it hears, and what it does all the time.

    `first`: undocumented routes that a request is held against before the documented ones. `round_all`: plain ASGI that
    stands round everything, refusals too.
    """

    name: str
    description: str
    routers: tuple[APIRouter, ...]
    first: tuple[BaseRoute, ...] = ()
    round_all: tuple[Callable[[ASGIApp], ASGIApp], ...] = ()
    settings: type[Settings] = Settings
    consumers: Consumers | None = None
    background: tuple[Background, ...] = ()


def create_app(service: Service, runtime: Runtime) -> FastAPI:
    """The service's HTTP application over a runtime."""
    app = new_app(f"Anxin {service.name}", service.description)
    app.state.runtime = runtime
    for outer in service.round_all:
        app.add_middleware(outer)
    app.router.routes[0:0] = service.first
    for router in service.routers:
        app.include_router(router)
    return app


@asynccontextmanager
async def start(service: Service, settings: Settings) -> AsyncIterator[Runtime]:
    """The service's connections and endless tasks; everything is given back at the end."""
    runtime = Runtime(settings, Database(settings), Identities(settings.jwks_file))
    if settings.nats_url:
        runtime.bus_tls = bus.client_tls(settings)
        runtime.nats = await bus.connect(settings, service.name, runtime.bus_tls)
    _start_tasks(service, runtime)
    try:
        yield runtime
    finally:
        await _stop(runtime)


def _start_tasks(service: Service, runtime: Runtime) -> None:
    if runtime.nats:
        js = runtime.nats.jetstream()
        _spawn(runtime, "identity", identity.follow(runtime.identities, js))
        _spawn(runtime, "relay", outbox.relay(runtime.db, js, runtime.settings.relay_interval_s))
        if service.consumers and runtime.settings.role != "api":
            for event in service.consumers.handlers:
                _spawn(runtime, f"hear {event.subject}", bus.consume(service.consumers, event, runtime.db, js))
    if runtime.settings.role != "api":
        _spawn(runtime, "purge", outbox.purge(runtime.db))
        for work in service.background:
            _spawn(runtime, getattr(work, "__name__", "background"), work(runtime))


def _spawn(runtime: Runtime, name: str, work: Awaitable[None]) -> None:
    runtime.tasks[name] = asyncio.ensure_future(_guarded(name, work))


async def _guarded(name: str, work: Awaitable[None]) -> None:
    try:
        await work
    except asyncio.CancelledError:
        raise
    except Exception:
        log.exception("task.died", extra={"task": name})
        raise


async def _stop(runtime: Runtime) -> None:
    for task in runtime.tasks.values():
        task.cancel()
    await asyncio.gather(*runtime.tasks.values(), return_exceptions=True)
    if runtime.nats:
        await runtime.nats.close()
    await runtime.db.close()


def ops_app(runtime: Runtime) -> FastAPI:
    """Health and metrics, on their own port, which no one outside the node or the pod network reaches."""
    # Probes are no one's way: they leave no trace.
    app = FastAPI(title="Anxin operations", openapi_url=None, telemetry={"tracing": False})

    @app.get("/health/live")
    def live() -> JSONResponse:
        """200 while every endless task runs, 503 with the names of the dead ones."""
        dead = runtime.dead_tasks()
        return JSONResponse({"alive": not dead, "dead_tasks": dead}, 503 if dead else 200)

    @app.get("/health/ready")
    async def ready() -> JSONResponse:
        """200 when the database and the bus answer and the issuer's keys are known."""
        checks = await _readiness(runtime)
        return JSONResponse({"ready": all(checks.values()), **checks}, 200 if all(checks.values()) else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        """Prometheus text format."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


async def _readiness(runtime: Runtime) -> dict[str, bool]:
    bus_answers = runtime.nats is None or runtime.nats.is_connected
    return {"database": await runtime.db.answers(), "bus": bus_answers, "keys": runtime.identities.known}


def run(service: Service) -> None:
    """Run until SIGTERM or SIGINT; open requests are finished first, a message in work goes back to the bus."""
    settings = service.settings()
    telemetry.start(service.name)
    with asyncio.Runner(loop_factory=event_loop) as runner:
        runner.run(_serve(service, settings))


def event_loop() -> asyncio.AbstractEventLoop:
    """A new one of the kind that a service runs on."""
    import uvloop

    return uvloop.new_event_loop()


async def _serve(service: Service, settings: Settings) -> None:
    async with start(service, settings) as runtime:
        servers = [_Server(_ops_config(runtime))]
        if settings.role != "worker":
            servers.append(_Server(_api_config(create_app(service, runtime), settings)))
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, _stop_all, servers)
        _spawn(runtime, "certificates", _renew_certificates(servers, runtime))
        calendar.prepare()
        keep_answering()
        await asyncio.gather(*(server.serve() for server in servers))


def keep_answering() -> None:
    """Garbage of reference cycles is looked for less often, and never among what was loaded at the start.

    A look at everything takes a tenth of a second, in which nobody is answered. To be called when all is loaded.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


class _Server(uvicorn.Server):
    """Two servers share this process, so neither may take the signals for itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _stop_all(servers: list[_Server]) -> None:
    for server in servers:
        server.should_exit = True


def _api_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.listen_host,
        port=settings.listen_port,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        ssl_ca_certs=str(settings.tls_client_ca) if settings.tls_client_ca else None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if settings.tls_client_ca else ssl.CERT_NONE,
        log_config=None,
        access_log=False,
        server_header=False,
        # Who asks is told by a certificate, never by a header of addresses.
        proxy_headers=False,
        http="httptools",
        # Longer than Envoy keeps an idle connection (30 s): the one who may still send closes it.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=15,
    )


def _ops_config(runtime: Runtime) -> uvicorn.Config:
    settings = runtime.settings
    return uvicorn.Config(
        ops_app(runtime),
        host=settings.ops_host,
        port=settings.ops_port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )


async def _renew_certificates(servers: list[_Server], runtime: Runtime) -> None:
    """Certificates are short-lived: load them anew when the files change; open connections go on."""
    loaded = _age(runtime.settings.tls_cert)
    while True:
        await asyncio.sleep(_CERTIFICATE_CHECK_S)
        try:
            loaded = _renewed(loaded, [runtime.bus_tls, *(server.config.ssl for server in servers)], runtime.settings)
        except OSError as error:  # half of the new pair is here (ssl.SSLError, too): the next look finds both
            log.warning("certificate.not_yet", extra={"reason": repr(error)})


def _renewed(loaded: float, contexts: list[ssl.SSLContext | None], settings: Settings) -> float:
    """Load the certificate into the contexts if its file has changed since; returns the time of the one in use."""
    changed = _age(settings.tls_cert)
    if settings.tls_cert and changed != loaded:
        for context in filter(None, contexts):
            context.load_cert_chain(settings.tls_cert, settings.tls_key)
    return changed


def _age(certificate: Path | None) -> float:
    return certificate.stat().st_mtime if certificate else 0.0
