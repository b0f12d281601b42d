"""A migrated PostgreSQL of its own for a measurement, durable as it ships, gone afterwards."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from local import postgres, process
from shared import migrate
from shared.settings import Settings


@contextmanager
def database(schema: str) -> Iterator[Settings]:
    """The settings of a service whose schema it has."""
    with tempfile.TemporaryDirectory(prefix="anxin-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - the server runs as another user when we are root
        home = Path(folder)
        cluster = postgres.Cluster(home / "postgres", home / "secrets", _free_port())
        server = postgres.start(cluster, home / "postgres.log")
        try:
            owner = cluster.url(postgres.OWNER).replace("@", f":{cluster.password(postgres.OWNER)}@")
            migrate.migrate(owner, [schema])
            yield Settings(database_url=cluster.url(schema), database_password=SecretStr(cluster.password(schema)))
        finally:
            process.stop(server, postgres.STOP_SIGNAL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
