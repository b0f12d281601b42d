"""The alerts service: routes, consumers and the watch over terms, put together."""

from services.alerts.consumers import consumer
from services.alerts.routes import alerts, orders
from services.alerts.settings import AlertsSettings
from services.alerts.timers import watch_terms
from shared.service import Service


def create_service() -> Service:
    """The service as `shared.service.run` takes it."""
    return Service(
        name="alerts",
        description="The life of an alert and of an order to pay: who has to do what by when, and what was found.",
        routers=(alerts.router, orders.router),
        settings=AlertsSettings,
        consumers=consumer,
        background=(watch_terms,),
    )
