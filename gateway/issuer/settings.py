"""What only the issuer needs to know."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from gateway.issuer.rules.keys import Rotation
from shared.settings import Settings


class IssuerSettings(Settings):
    """Lifetimes in seconds. A token lives ten minutes at most: that bounds what a stolen one is worth."""

    token_lifetime_s: int = Field(default=600, ge=30, le=600)
    code_lifetime_s: int = Field(default=60, ge=5, le=60)
    refresh_lifetime_s: int = Field(default=8 * 3600, ge=600, le=24 * 3600)
    key_period_s: int = Field(default=30 * 24 * 3600, ge=60)
    key_lead_s: int = Field(default=24 * 3600, ge=10, description="At least twice the gateway's jwks_cache")
    key_check_s: float = Field(default=30, gt=0)
    grant_check_s: float = Field(default=1, gt=0, le=60, description="How often to look for grants that ran out")

    @model_validator(mode="after")
    def _successor_in_time(self) -> Self:
        if self.key_lead_s + self.key_check_s >= self.key_period_s:
            raise ValueError("key_lead_s must be shorter than key_period_s, or no key would ever be alone")
        return self

    @property
    def token_lifetime(self) -> timedelta:
        return timedelta(seconds=self.token_lifetime_s)

    @property
    def rotation(self) -> Rotation:
        """An old key stays known for two token lifetimes: the last token it signed, and every cache of it."""
        return Rotation(
            period=timedelta(seconds=self.key_period_s),
            lead=timedelta(seconds=self.key_lead_s),
            grace=2 * self.token_lifetime,
        )
