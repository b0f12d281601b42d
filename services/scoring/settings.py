"""What the scoring service alone needs: how often it looks for subjects whose time has come."""

from pydantic import Field

from shared.settings import Settings


class ScoringSettings(Settings):
    """Settings of the scoring service."""

    review_interval_s: float = Field(default=5, gt=0, le=3600)
    dry_run_batch: int = Field(default=2000, ge=1, le=50_000)
    review_batch: int = Field(default=4000, ge=1, le=50_000)
    reviewers: int = Field(
        default=3, ge=1, le=4, description="batches at once: the database reads for one, we judge another"
    )
