"""Where a platform on one machine keeps its things, and which ports it takes."""

import os
from dataclasses import dataclass
from pathlib import Path

from local.pki import Pki

DEFAULT_PORT_BASE = 8000
SERVICES = ("ingest", "scoring", "alerts", "credit", "issuer")


@dataclass(frozen=True)
class Home:
    """Everything below one folder, so that two platforms never meet and one `rm -r` forgets all."""

    path: Path

    @property
    def pki(self) -> Pki:
        return Pki(self.path / "pki")

    @property
    def secrets(self) -> Path:
        """Folder of folders: one per part, so that a part can read its own secrets only."""
        return self.path / "secrets"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def log(self, part: str) -> Path:
        return self.logs / f"{part}.log"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def state(self) -> Path:
        return self.run / "state.json"

    @property
    def clock(self) -> Path:
        """The business clock's offset in seconds."""
        return self.path / "clock"

    @property
    def receipt_keys(self) -> Path:
        """The public keys of receipts (JWK set), for verifying them offline."""
        return self.path / "receipt-keys.json"

    @property
    def spans(self) -> Path:
        return self.path / "traces" / "spans.sqlite"

    def agency(self, client_id: str) -> Path:
        return self.path / "agencies" / client_id

    def webhook_secret(self, port: int) -> Path:
        """The secret of the demo's public credit system as a subscriber: one for each port it ever had."""
        return self.path / "credit-system" / f"webhook-{port}.secret"


@dataclass(frozen=True)
class Ports:
    """The ports of a platform, counted from its base (default 8000). All but the first three are for parts only."""

    base: int = DEFAULT_PORT_BASE

    @property
    def agencies(self) -> int:
        return self.base + 443

    @property
    def people(self) -> int:
        return self.base + 444

    @property
    def public_credit(self) -> int:
        return self.base + 445

    @property
    def postgres(self) -> int:
        return self.base + 432

    @property
    def nats(self) -> int:
        return self.base + 422

    @property
    def nats_monitoring(self) -> int:
        return self.base + 482

    @property
    def envoy_admin(self) -> int:
        return self.base + 490

    @property
    def collector(self) -> int:
        return self.base + 431

    def api(self, service: str) -> int:
        return self.base + 101 + SERVICES.index(service)

    def ops(self, service: str) -> int:
        return self.base + 201 + SERVICES.index(service)

    @property
    def nats_url(self) -> str:
        return f"tls://127.0.0.1:{self.nats}"

    def database_url(self, role: str) -> str:
        """For ANXIN_DATABASE_URL: the password is not in it."""
        return f"postgresql+psycopg://{role}@127.0.0.1:{self.postgres}/anxin"

    @property
    def agencies_url(self) -> str:
        return f"https://localhost:{self.agencies}"

    @property
    def people_url(self) -> str:
        return f"https://localhost:{self.people}"

    @property
    def public_credit_url(self) -> str:
        return f"https://localhost:{self.public_credit}"


def default_home() -> Path:
    """`ANXIN_HOME`, else `./.anxin`."""
    return Path(os.environ.get("ANXIN_HOME") or ".anxin")
