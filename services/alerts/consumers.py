"""The scores that alerts are made of."""

from services.alerts.usecases import signals
from shared.bus import Consumers
from shared.clock import now
from shared.db import Session
from shared.events import EmployerScored, ProjectScored

consumer = Consumers("alerts")


@consumer.on(EmployerScored)
async def on_employer_scored(event: EmployerScored, session: Session) -> None:
    """An employer's level or reasons changed."""
    await signals.consider(session, event, now())


@consumer.on(ProjectScored)
async def on_project_scored(event: ProjectScored, session: Session) -> None:
    """A project's level or reasons changed."""
    await signals.consider(session, event, now())
