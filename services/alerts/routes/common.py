"""Who may knock: scope and roles come from the machine's data, before the database is asked."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi import Request as HttpRequest

from services.alerts.lifecycle import ALERT, Machine
from services.alerts.schemas.common import Step
from services.alerts.usecases.steps import Actor, Request
from shared.auth import Caller, current_caller, require
from shared.clock import now
from shared.crypto import Vault


def permitted(*events: str, machine: Machine = ALERT) -> Callable[[HttpRequest], Awaitable[Actor]]:
    """A dependency that gives the actor, or refuses (403) without the scopes, or a role, that the events ask for."""

    async def actor(request: HttpRequest) -> Actor:
        caller = current_caller(request)
        for event in events:
            caller.must_have(machine.scope_of(event))
        caller.must_be(*sorted(frozenset().union(*(machine.roles_of(event) for event in events)) - {"system"}))
        return Actor(caller.id, caller.name, caller.roles)

    return actor


def asked(event: str, actor: Actor, body: Step, **more: Any) -> Request:
    """The request that a body makes: its fields as plain values, now by the business clock."""
    at: datetime = now()
    inputs = body.model_dump(exclude={"documents"}) | more
    documents = tuple(document.model_dump(mode="json") for document in body.documents)
    return Request(event, actor, at, inputs, documents)


async def _vault(request: HttpRequest) -> Vault:
    return Vault.of(request.app.state.runtime.settings)


VaultDep = Annotated[Vault, Depends(_vault)]
Reader = Annotated[Caller, Depends(require("alerts:read"))]
Limit = Annotated[int, Query(ge=1, le=200)]
