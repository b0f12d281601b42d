"""PostgreSQL on one machine: its roles, and how it comes back after the worst."""

import os
import signal
from pathlib import Path

import psycopg
import pytest

from local import postgres, process
from local.postgres import Cluster
from tests.ports import free_port


@pytest.fixture
def alone(tmp_path: Path) -> Cluster:
    """A cluster of this test's own, below a folder that nobody but its owner may enter."""
    tmp_path.chmod(0o700)
    return Cluster(tmp_path / "postgres", tmp_path / "secrets", free_port())


def test_data_and_passwords_outlive_a_kill(alone: Cluster, tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    first = postgres.start(alone, log)
    with alone.connect(postgres.OWNER) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    second = postgres.start(alone, log)
    with alone.connect(postgres.OWNER) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert process.stop(second, postgres.STOP_SIGNAL) == 0


def test_a_lock_file_whose_number_now_belongs_to_somebody_else_is_cleared(alone: Cluster, tmp_path: Path) -> None:
    process.stop(postgres.start(alone, tmp_path / "postgres.log"), postgres.STOP_SIGNAL)
    lock = alone.data / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{alone.data}\n0\n0\n\n\n\n")
    server = postgres.start(alone, tmp_path / "postgres.log")
    assert process.stop(server, postgres.STOP_SIGNAL) == 0


def test_a_password_is_demanded_even_on_loopback(postgres: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host="127.0.0.1", port=postgres.port, user="ingest", password="guess", dbname="anxin")


def test_a_service_may_not_make_tables(postgres: Cluster) -> None:
    with postgres.connect("ingest") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE public.mine (id int)")


def test_secrets_are_readable_by_their_owner_only(postgres: Cluster) -> None:
    files = [file for file in postgres.secrets.rglob("*") if file.is_file()]
    assert len(files) >= 7
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
