"""Keys and revocations, as the issuer announced them: read from the IDENTITY stream and held in memory."""

import asyncio
import json
import logging
from datetime import datetime
from pathlib import Path

from joserfc.jwk import KeySet
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import DeliverPolicy

from shared.bus import decode
from shared.errors import Overloaded
from shared.events import IdentityRevoked, SigningKeysPublished

log = logging.getLogger(__name__)


class Identities:
    """What a service knows of the issuer's keys and of who is refused."""

    def __init__(self, jwks_file: Path | None = None) -> None:
        self._keys: KeySet | None = None
        self._revoked: dict[tuple[str, str], datetime] = {}
        if jwks_file:
            self._keys = KeySet.import_key_set(json.loads(jwks_file.read_text()))

    @property
    def known(self) -> bool:
        """Whether any signing key has arrived."""
        return self._keys is not None

    @property
    def keys(self) -> KeySet:
        """The issuer's public keys; Overloaded (503) until they have arrived."""
        if self._keys is None:
            raise Overloaded("The issuer's keys have not arrived yet.", retry_after=1)
        return self._keys

    def apply(self, event: SigningKeysPublished | IdentityRevoked) -> None:
        """Remember what the issuer said."""
        if isinstance(event, SigningKeysPublished):
            self._keys = KeySet.import_key_set(event.jwks)  # type: ignore[arg-type]
        else:
            self._revoked[event.kind, event.value] = event.revoked_at

    def is_revoked(self, kind: str, value: str, issued_at: datetime) -> bool:
        """Whether a thing of that name, issued then, has been revoked since."""
        revoked_at = self._revoked.get((kind, value))
        return revoked_at is not None and issued_at <= revoked_at


async def follow(identities: Identities, js: JetStreamContext) -> None:
    """Hear the IDENTITY stream from its beginning, for ever; starts anew when the bus comes back."""
    while True:
        try:
            subscription = await js.subscribe("identity.>", ordered_consumer=True, deliver_policy=DeliverPolicy.ALL)
            async for message in subscription.messages:
                _apply(identities, message)
        except (NatsError, TimeoutError, OSError) as error:
            log.warning("identity.waiting", extra={"reason": repr(error)})
        await asyncio.sleep(1)


def _apply(identities: Identities, message: Msg) -> None:
    if message.subject == SigningKeysPublished.subject:
        identities.apply(decode(message.data, SigningKeysPublished))
    else:
        identities.apply(decode(message.data, IdentityRevoked))
