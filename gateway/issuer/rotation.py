"""The clockwork beside the API: keeps a signing key in use and its successor known."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import cast

from sqlalchemy.exc import SQLAlchemyError

from gateway.issuer.settings import IssuerSettings
from gateway.issuer.usecases.rotation import rotate
from shared.crypto import Vault
from shared.service import Runtime

log = logging.getLogger(__name__)


async def keep_keys(runtime: Runtime) -> None:
    """Look after the keys, for ever. Tells every service at the start: the bus may have been emptied meanwhile."""
    settings = cast(IssuerSettings, runtime.settings)
    vault, told = Vault.of(settings), False
    while True:
        try:
            async with runtime.db.transaction() as session:
                await rotate(session, vault, settings.rotation, datetime.now(UTC), tell=not told)
            told = True
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("rotation.delayed", extra={"reason": repr(error)})
        await asyncio.sleep(settings.key_check_s if told else 1)
