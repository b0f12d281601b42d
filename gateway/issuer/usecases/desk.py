"""The desk a visitor stands at: which side of the platform, which certificate, what time it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.issuer.settings import IssuerSettings
from shared.certificates import Certificate
from shared.crypto import Vault

Side = Literal["agencies", "people"]
Form = Mapping[str, str]


@dataclass(frozen=True)
class Desk:
    """One request's circumstances. `now` is real time (UTC): tokens never follow the business clock."""

    side: Side
    settings: IssuerSettings
    vault: Vault
    now: datetime
    certificate: Certificate | None = None

    @property
    def issuer(self) -> str:
        """The `iss` of what is issued here."""
        return self.settings.agency_issuer if self.side == "agencies" else self.settings.people_issuer
