"""The credit service: its settings, its routes, its consumers, its webhooks."""

from services.credit.consumers import consumer, watch_calendar
from services.credit.push import deliver_webhooks
from services.credit.routes import cases, public, subscribers
from services.credit.settings import CreditSettings
from shared.service import Service


def create_service() -> Service:
    """Everything that makes the service."""
    return Service(
        name="credit",
        description="The joint-discipline list: from an overdue order to a listing signed by a person, and its push.",
        routers=(cases.router, public.router, subscribers.router),
        settings=CreditSettings,
        consumers=consumer,
        background=(deliver_webhooks, watch_calendar),
    )
