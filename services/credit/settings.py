"""What the credit service alone needs: where webhooks may go and how long they are tried."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from shared.settings import Settings

# The schedule that the Standard Webhooks specification recommends: ten tries over a little more than three days.
THREE_DAYS = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)


class CreditSettings(Settings):
    """Settings of the credit service. Lists are written with commas."""

    webhook_ca: Path | None = Field(
        default=None, description="CA bundle for receivers' certificates; default: the system's"
    )
    webhook_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="host or host:port, ..."
    )
    webhook_retry_seconds: Annotated[tuple[float, ...], NoDecode] = Field(
        default=THREE_DAYS, description="waits between tries"
    )
    webhook_timeout_s: float = Field(default=10, gt=0, le=60)
    webhook_poll_s: float = Field(default=0.5, gt=0, le=60)
    expiry_interval_s: float = Field(default=60, gt=0, le=3600)
    decision_no_prefix: str = "余人社失列"

    @field_validator("webhook_allowed_hosts", "webhook_retry_seconds", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value
