"""Now, by the rules that count now."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from services.scoring import books
from services.scoring.usecases.scoring import Moment
from shared.clock import local_date
from shared.db import Session


async def moment(session: Session, at: datetime, new_id: Callable[[], UUID]) -> Moment:
    """A time with the book that counts on its day."""
    return Moment(at, await books.book_in_force(session, local_date(at)), new_id)
