"""Who calls, by scope; and the caller as the use cases know him."""

from typing import Annotated

from fastapi import Depends, Request

from services.credit.settings import CreditSettings
from services.credit.usecases.steps import By
from shared.auth import Caller, require
from shared.clock import now

# For routes that need the scope and not the name.
READ = Depends(require("credit:read"))
OPERATE = Depends(require("ops:dead-letters"))
Reader = Annotated[Caller, Depends(require("credit:read"))]
Checker = Annotated[Caller, Depends(require("credit:check"))]
Screener = Annotated[Caller, Depends(require("credit:screen"))]
Notifier = Annotated[Caller, Depends(require("credit:notice"))]
Decider = Annotated[Caller, Depends(require("credit:decide"))]
Operator = Annotated[Caller, Depends(require("ops:dead-letters"))]


def by(caller: Caller) -> By:
    """The caller, now, on the business clock."""
    return By(f"{caller.kind}:{caller.id}", caller.roles, now(), caller.sig_jkt)


async def _settings(request: Request) -> CreditSettings:
    settings = request.app.state.runtime.settings
    assert isinstance(settings, CreditSettings)  # noqa: S101 - this service is started with its own settings
    return settings


SettingsDep = Annotated[CreditSettings, Depends(_settings)]
