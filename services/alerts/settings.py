"""What the alerts service alone needs."""

from pydantic import Field, SecretStr

from shared.settings import Settings


class AlertsSettings(Settings):
    """`tick_interval_s`: how often terms are looked at. The data key is mandatory: it seals workers' names."""

    data_key: SecretStr | None = Field(default=..., description="32 bytes, base64: seals workers' names and numbers")
    tick_interval_s: float = Field(default=15, gt=0, le=3600)
