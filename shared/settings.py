"""Settings from the environment (`ANXIN_*`) or from secret files; a wrong value stops the start with its name."""

import os
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class BusSettings(BaseSettings):
    """What it takes to reach the bus, and no more: all that the streams job needs."""

    model_config = SettingsConfigDict(env_prefix="ANXIN_", extra="ignore", frozen=True)

    nats_url: str | None = Field(default=None, description="tls://host:port; without it no message leaves or arrives")
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_ca: Path | None = Field(default=None, description="The mesh CA: whom we trust as a server")

    def __init__(self, **values: object) -> None:
        super().__init__(_secrets_dir=os.environ.get("ANXIN_SECRETS_DIR"), **values)  # type: ignore[arg-type]


class Settings(BusSettings):
    """What every service needs. A service adds only what it alone needs in its own `settings.py`.

    Secrets come from `ANXIN_<NAME>` or from a file `anxin_<name>` in `ANXIN_SECRETS_DIR`; they are never printed.
    """

    database_url: str = Field(
        description="SQLAlchemy URL without a password, e.g. postgresql+psycopg://ingest@host/anxin"
    )
    database_password: SecretStr | None = None
    database_pool: int = Field(default=8, ge=1, le=100)
    database_wait_s: float = Field(default=10, gt=0, le=60, description="For a connection of the pool; then 503")
    tls_client_ca: Path | None = Field(default=None, description="The edge CA: whom we accept as a client")
    listen_host: str = "127.0.0.1"
    listen_port: int = Field(default=8100, ge=1, le=65535)
    ops_host: str = "127.0.0.1"
    ops_port: int = Field(default=8200, ge=1, le=65535)
    agency_issuer: str = "https://localhost:8443"
    people_issuer: str = "https://localhost:8444"
    audience: str = "anxin"
    jwks_file: Path | None = Field(default=None, description="Keys from a file instead of the bus: tests only")
    role: Literal["all", "api", "worker"] = "all"
    data_key: SecretStr | None = Field(default=None, description="32 bytes, base64: the root of the data keys")
    max_body_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)
    relay_interval_s: float = Field(default=0.5, gt=0, le=60)
    traces_a_second: float = Field(default=100, gt=0, description="Requests of which spans are kept; evenly beyond")

    @field_validator("database_url")
    @classmethod
    def _without_password(cls, url: str) -> str:
        if not url.startswith("postgresql+psycopg://"):
            raise ValueError("the database URL must begin with postgresql+psycopg://")
        return url

    def database_dsn(self) -> str:
        """The URL with its password: for the engine only, never for a log."""
        if self.database_password is None:
            return self.database_url
        scheme, rest = self.database_url.split("://", 1)
        user, host = rest.split("@", 1)
        return f"{scheme}://{user}:{quote(self.database_password.get_secret_value(), safe='')}@{host}"
