"""The scoring service: its settings, its routes, its consumers, its reviews."""

from services.scoring.announcing import announce_rulebook
from services.scoring.consumers import consumer
from services.scoring.quality_watch import watch_quality
from services.scoring.review import catch_up, review_due, run_over_all
from services.scoring.routes import inspections, models, overrides, quality, risk, rulebooks, scores, wages
from services.scoring.settings import ScoringSettings
from services.scoring.trying import try_rulebooks
from shared.service import Service


def create_service() -> Service:
    """Everything that makes the service."""
    return Service(
        name="scoring",
        description="Facts about employers and projects become a risk level, with the reasons and receipts behind it.",
        routers=(
            risk.router,
            overrides.router,
            rulebooks.router,
            scores.router,
            wages.router,
            inspections.router,
            quality.router,
            models.router,
        ),
        settings=ScoringSettings,
        consumers=consumer,
        background=(review_due, catch_up, run_over_all, announce_rulebook, watch_quality, try_rulebooks),
    )
