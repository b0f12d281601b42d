"""The ingest service: its settings and its routes. It begins every story, and hears only what became of it."""

from services.ingest.announcing import announce_catalogue
from services.ingest.connectors import pull_from_platforms
from services.ingest.consumers import consumer
from services.ingest.importing import take_in_imports
from services.ingest.keeping import keep_no_longer
from services.ingest.reconsider import reconsider_waiting
from services.ingest.routes import (
    connectors,
    datasets,
    disputes,
    exchange,
    full_lists,
    identities,
    imports,
    lineage,
    matching,
    proofs,
    quality,
    receipts,
    records,
    rows,
    uploads,
    withdrawals,
)
from services.ingest.routes.tus_answers import TusAnswers
from services.ingest.settings import IngestSettings
from services.ingest.watch import watch_feeds
from shared.service import Service


def create_service() -> Service:
    """Everything that makes the service."""
    return Service(
        name="ingest",
        description="Takes what agencies send: proves who sent it, checks it, keeps it, announces it.",
        first=(records.brief,),
        round_all=(TusAnswers,),
        routers=(
            # The busiest first: a request is held against one router after the other.
            records.router,
            uploads.router,
            imports.router,
            datasets.router,
            receipts.router,
            proofs.router,
            rows.router,
            withdrawals.router,
            disputes.router,
            quality.router,
            exchange.router,
            matching.router,
            full_lists.router,
            lineage.router,
            identities.router,
            connectors.router,
        ),
        settings=IngestSettings,
        consumers=consumer,
        background=(
            take_in_imports,
            announce_catalogue,
            reconsider_waiting,
            watch_feeds,
            keep_no_longer,
            pull_from_platforms,
        ),
    )
