"""The real neighbours every test may ask for: certificates, a migrated PostgreSQL, a NATS with streams.

They live for the whole session, on free loopback ports, below a temporary folder, and are stopped by process id; each
file of tests has a database of its own.
Unit tests get none of them: below `tests/unit` a socket is an error.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hypothesis
import pytest
from pydantic import SecretStr
from pytest_socket import disable_socket, enable_socket

from local import nats as local_nats
from local import pki as local_pki
from local import postgres as local_postgres
from local import process
from shared import migrate, topology
from shared.bus import connect
from shared.db import Database
from shared.settings import Settings
from tests.ports import free_port
from tests.running import Running, running

UNIT = Path(__file__).with_name("unit")
# Durability is proven in tests/faults on the platform as it ships; here the disk would only slow us down.
FAST = (("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off"), ("shared_buffers", "128MB"))

AS_MIGRATED = "as_migrated"

SettingsOf = Callable[[str], Settings]


def run_apart(work: Callable[[], Awaitable[None]]) -> None:
    """Run a coroutine to its end beside the session's own event loop, from a fixture that is not asynchronous."""

    async def body() -> None:
        await work()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(body())).result()


def pytest_configure(config: pytest.Config) -> None:
    # How long an example takes on a busy machine says nothing about the property.
    # The same examples every time: a gate that opens by luck is no gate. `--hypothesis-seed=random` looks further.
    hypothesis.settings.register_profile("house", deadline=None, derandomize=True)
    hypothesis.settings.load_profile("house")
    # A detached supervisor outlives the object that started it, as it should.
    config.addinivalue_line("filterwarnings", r"ignore:subprocess \d+ is still running:ResourceWarning")
    # nats-py leaves the plain transport behind when it upgrades a connection to TLS.
    config.addinivalue_line("filterwarnings", "ignore:unclosed transport <_SelectorSocketTransport:ResourceWarning")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.path.is_relative_to(UNIT):
        disable_socket(allow_unix_socket=True)  # asyncio's own wake-up pair


def pytest_runtest_teardown(item: pytest.Item) -> None:
    enable_socket()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the session's certificates, secrets, data and logs."""
    return tmp_path_factory.mktemp("anxin")


@pytest.fixture(scope="session")
def pki(home: Path) -> local_pki.Pki:
    return local_pki.ensure(home / "pki")


@pytest.fixture(scope="session")
def cluster(home: Path) -> Iterator[local_postgres.Cluster]:
    """A PostgreSQL with every role, and a database to copy from: migrated, nothing told of anyone."""
    here = local_postgres.Cluster(home / "postgres", home / "secrets", free_port(), FAST)
    server = local_postgres.start(here, home / "logs" / "postgres.log")
    try:
        schemas = [name for name, folder in migrate.HOMES.items() if (folder / "migrations").is_dir()]
        url = here.url(local_postgres.OWNER).replace("@", f":{here.password(local_postgres.OWNER)}@")
        migrate.migrate(url, schemas)
        with here.connect(database="postgres") as connection:
            connection.execute(f"alter database {local_postgres.DATABASE} rename to {AS_MIGRATED}")
        yield here
    finally:
        process.stop(server, local_postgres.STOP_SIGNAL)


@pytest.fixture(scope="module")
def postgres(cluster: local_postgres.Cluster) -> local_postgres.Cluster:
    """`postgres.url(role)`, `postgres.password(role)`. Each file of tests has its own, as migrated."""
    name, owner = local_postgres.DATABASE, local_postgres.OWNER
    with cluster.connect(database="postgres") as connection:
        connection.execute(f"drop database if exists {name} with (force)")
        connection.execute(f"create database {name} template {AS_MIGRATED} owner {owner}")
        connection.execute(f"revoke all on database {name} from public")
    local_postgres.create_database(cluster)  # who may connect is no part of what is copied
    return cluster


@pytest.fixture(scope="session")
def nats_server(home: Path, pki: local_pki.Pki) -> Iterator[local_nats.Server]:
    """A NATS server with JetStream, a user per certificate, and the streams and consumers of `shared.topology`."""
    server = local_nats.Server(home / "nats", pki, free_port(), free_port())
    running = local_nats.start(server, home / "logs" / "nats.log")
    try:
        run_apart(lambda: _apply_topology(server))
        yield server
    finally:
        process.stop(running)


async def _apply_topology(server: local_nats.Server) -> None:
    settings = nats_settings(server, topology.OPERATOR)
    connection = await connect(settings, topology.OPERATOR)
    await topology.apply(connection.jetstream())
    await connection.close()


def nats_settings(
    server: local_nats.Server, user: str, database_url: str = "postgresql+psycopg://nobody@nowhere/x"
) -> Settings:
    """Settings with which `user` reaches NATS by its own certificate."""
    return Settings(
        database_url=database_url,
        nats_url=server.url,
        tls_cert=server.pki.certificate(user),
        tls_key=server.pki.key(user),
        tls_ca=server.pki.certificate("mesh-ca"),
        tls_client_ca=server.pki.certificate("edge-ca"),
    )


@pytest.fixture(scope="module")
def settings_of(postgres: local_postgres.Cluster, nats_server: local_nats.Server) -> SettingsOf:
    """`settings_of("alerts")`: the settings of a service on the file's database and the session's NATS."""

    def settings(service: str) -> Settings:
        return nats_settings(nats_server, service, postgres.url(service)).model_copy(
            update={"database_password": SecretStr(postgres.password(service))}
        )

    return settings


@pytest.fixture
async def owner(postgres: local_postgres.Cluster, nats_server: local_nats.Server) -> AsyncIterator[Database]:
    """The database as its owner reaches it: he alone may tell the planner how much there is (analyze)."""
    name = local_postgres.OWNER
    password = SecretStr(postgres.password(name))
    settings = nats_settings(nats_server, topology.OPERATOR, postgres.url(name))
    database = Database(settings.model_copy(update={"database_password": password}))
    yield database
    await database.close()


@pytest.fixture(autouse=True)
def _no_ambient_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own ANXIN_* or OTEL_* variables must not decide whether a test passes."""
    for name in list(os.environ):
        if name.startswith(("ANXIN_", "OTEL_")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The whole platform behind the real Envoy, as `anxin up` starts it."""
    with running(tmp_path_factory.mktemp("platform")) as here:
        yield here
