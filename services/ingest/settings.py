"""What the ingest service alone needs: how much it takes in at once."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shared.settings import Settings


class Platform(BaseModel):
    """Where a platform that is asked for records is, and what it knows us by. `agency`: if not the shipped one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(pattern=r"^https://[^\s]+$")
    agency: str | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    bearer: SecretStr | None = None


class IngestSettings(Settings):
    """Settings of the ingest service. `max_body_bytes` bounds a body as sent, `max_file_bytes` what it unpacks to."""

    data_key: SecretStr = Field(description="32 bytes, base64: nothing is taken in that could not be sealed")
    max_file_bytes: int = Field(default=128 * 1024 * 1024, ge=1024)
    max_rows: int = Field(default=1_000_000, ge=1)
    max_concurrent: int = Field(default=6, ge=1, le=64, description="submissions worked on at once")
    max_waiting: int = Field(default=128, ge=0, le=10_000, description="submissions that may wait for their turn")
    max_of_an_agency: int = Field(default=32, ge=1, description="submissions of one agency that are here at once")
    max_small_bytes: int = Field(default=64 * 1024, ge=0, description="bodies up to that size go together")
    max_small: int = Field(default=480, ge=1, le=10_000, description="small submissions that are here at once")
    max_small_of_an_agency: int = Field(default=256, ge=1)
    large_bytes: int = Field(
        default=4 * 1024 * 1024, ge=0, description="a body from that size on; a packed one from a 64th"
    )
    max_large: int = Field(default=3, ge=1, le=64, description="large submissions among those worked on at once")
    turn_timeout_s: float = Field(default=20, gt=0, description="for a turn to come; the gateway waits 60 s for all")
    max_bytes_in_flight: int = Field(default=128 * 1024 * 1024, ge=1024 * 1024)
    reconsider_interval_s: float = Field(default=2, gt=0, description="between two looks at what waits, if none is due")
    body_timeout_s: float = Field(default=60, gt=0, le=600, description="for the whole body to arrive")
    watch_interval_s: float = Field(default=15, gt=0, le=3600, description="between two looks at the feeds")
    purge_every_s: float = Field(default=6 * 3600, ge=1, description="how often raw files past their retention go")
    receipt_key_days: int = Field(default=365, ge=1, description="how long a key signs receipts; then a new one does")
    max_import_bytes: int = Field(default=10 * 1024**3, ge=1024, description="of one file sent piece by piece")
    max_import_unpacked_bytes: int = Field(default=64 * 1024**3, ge=1024, description="of the same file unpacked")
    max_import_spool_bytes: int = Field(
        default=10 * 1024**3, ge=1024, description="of a Parquet or Arrow file unpacked: it is read from the disk"
    )
    max_open_imports: int = Field(default=32, ge=1, description="files of one agency on their way at once")
    max_open_import_bytes: int = Field(default=40 * 1024**3, ge=1024, description="of all of these")
    import_keep_s: float = Field(
        default=24 * 3600, gt=0, description="an unfinished file is forgotten so long after a byte"
    )
    import_workers: int = Field(default=2, ge=1, le=16, description="files that are taken in at once by this process")
    import_poll_s: float = Field(default=1, gt=0, le=60, description="how soon a worker sees a file that has arrived")
    import_lease_s: float = Field(
        default=20, ge=1, le=600, description="a worker that is silent so long has lost its file"
    )
    row_read_s: float = Field(default=50, gt=0, description="a row that lies deeper in a large file is not shown")
    slowest_bytes_per_s: int = Field(default=8192, ge=1, description="who sends a piece more slowly is let go")
    connectors: dict[Literal["construction_credit", "provincial_wages"], Platform] = Field(
        default={}, description="JSON: platforms that are asked for records, by connector; none is asked without"
    )
    max_watchers: int = Field(default=64, ge=1, description="streams of progress at once")
    max_watchers_of_an_agency: int = Field(default=16, ge=1)

    @property
    def receipt_key_period(self) -> timedelta:
        return timedelta(days=self.receipt_key_days)
