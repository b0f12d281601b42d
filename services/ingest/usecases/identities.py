"""Show whose number a pseudonym stands for: masked to a role, clear for a purpose, and always on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.ingest.sealing import masked_number
from services.ingest.store.identities import SealedIdentity, identities
from shared import audit
from shared.auth import Caller
from shared.crypto import Vault
from shared.db import Session
from shared.errors import Forbidden, NotFound


@dataclass(frozen=True)
class Identity:
    """A pseudonym, whether it is a person's or an account's, and as much of the number as may be shown."""

    pseudonym: str
    kind: str
    number: str


async def masked(
    session: Session, pseudonyms: Sequence[str], caller: Caller, vault: Vault
) -> list[Identity] | Forbidden:
    """The masked numbers of those that are known, each once, in order. A refusal is a value: the log keeps it."""
    subject = pseudonyms[0] if len(pseudonyms) == 1 else f"{len(pseudonyms)} pseudonyms"
    look = _Look(session, caller, subject, {"pseudonyms": list(pseudonyms)})
    if refusal := await look.refused("identities:read", "identity.read"):
        return refusal
    await look.record("identity.read")
    found = await identities(session, pseudonyms)
    return [Identity(one.pseudonym, one.purpose, masked_number(one.purpose, _clear(one, vault))) for one in found]


async def unmasked(
    session: Session, pseudonym: str, purpose: str, caller: Caller, vault: Vault
) -> Identity | Forbidden:
    """The number in the clear. Who asked, and what for, goes on record, also when it is refused."""
    look = _Look(session, caller, pseudonym, {"purpose": purpose})
    if refusal := await look.refused("identities:unmask", "identity.unmask"):
        return refusal
    found = await identities(session, [pseudonym])
    if not found:
        raise NotFound("Nobody is known by that pseudonym.", detail_zh="没有使用该化名的人员。")
    await look.record("identity.unmask")
    return Identity(pseudonym, found[0].purpose, _clear(found[0], vault))


@dataclass(frozen=True)
class _Look:
    """Somebody who wants to see, on his way into the audit log."""

    session: Session
    caller: Caller
    subject: str
    details: dict[str, Any]

    async def refused(self, scope: str, action: str) -> Forbidden | None:
        """Only a person with the scope sees anybody; an agency knows whom it has sent."""
        if self.caller.kind == "person" and scope in self.caller.scopes:
            return None
        check = "role" if self.caller.kind == "agency" else "scope_missing"
        await self.record(f"{action}.refused", check=check)
        return Forbidden(
            f"This needs a person with the scope {scope}.", detail_zh=f"须由具有权限 {scope} 的人员操作。", check=check
        )

    async def record(self, action: str, **more: str) -> None:
        actor = f"{self.caller.kind}:{self.caller.id}"
        await audit.record(self.session, actor, action, self.subject, self.details | more)


def _clear(found: SealedIdentity, vault: Vault) -> str:
    return vault.open(found.purpose, found.sealed)
