"""Keys and revocations, as the issuer announced them: read from the IDENTITY stream and held in memory."""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc.jwk import KeySet
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from shared.bus import decode
from shared.errors import Overloaded
from shared.events import GrantEnded, IdentityRevoked, SigningKeysPublished

log = logging.getLogger(__name__)

_MOST_SEEN = 4096
_SKEW = timedelta(minutes=1)
_KINDS: dict[str, type[SigningKeysPublished | IdentityRevoked | GrantEnded]] = {
    kind.subject: kind for kind in (SigningKeysPublished, IdentityRevoked, GrantEnded)
}


class Identities:
    """What a service knows of the issuer's keys and of who is refused."""

    def __init__(self, jwks_file: Path | None = None) -> None:
        self._keys: KeySet | None = None
        self._revoked: dict[tuple[str, str], IdentityRevoked] = {}
        self._ended: defaultdict[str, dict[str, GrantEnded]] = defaultdict(dict)
        self.seen: dict[str, dict[str, Any]] = {}  # what tokens claim that were believed, under the keys of now
        self.is_behind = False  # still reading what was said before this service began
        if jwks_file:
            self._keys = KeySet.import_key_set(json.loads(jwks_file.read_text()))

    @property
    def known(self) -> bool:
        """Whether the signing keys have arrived, and with them everything that was revoked so far."""
        return self._keys is not None and not self.is_behind

    @property
    def keys(self) -> KeySet:
        """The issuer's public keys; Overloaded (503) until they have arrived."""
        if self._keys is None or self.is_behind:
            raise Overloaded(
                "The issuer's keys have not arrived yet.", detail_zh="签发方的密钥尚未到达，请稍后重试。", retry_after=1
            )
        return self._keys

    def apply(self, event: SigningKeysPublished | IdentityRevoked | GrantEnded) -> None:
        """Remember what the issuer said."""
        if isinstance(event, SigningKeysPublished):
            self.seen.clear()
            self._keys = KeySet.import_key_set(event.jwks)  # type: ignore[arg-type]
        elif isinstance(event, GrantEnded):
            self._ended[event.agency][event.scope] = event
        else:
            self._revoked[event.kind, event.value] = event

    def remember(self, token: str, claims: dict[str, Any]) -> None:
        """Keep what a token claims that was believed; the oldest is forgotten when there are too many."""
        if len(self.seen) >= _MOST_SEEN:
            self.seen.pop(next(iter(self.seen)))
        self.seen[token] = claims

    def forget(self, at: datetime) -> None:
        """Let go of what can matter no more: nothing that was issued before its revocation is still valid."""
        gone = at - _SKEW
        self._revoked = {key: event for key, event in self._revoked.items() if not event.until or event.until > gone}

    def is_revoked(self, kind: str, value: str, issued_at: datetime) -> bool:
        """Whether a thing of that name, issued then, has been revoked since."""
        event = self._revoked.get((kind, value))
        return event is not None and issued_at <= event.revoked_at

    def ended_grants(self, agency: str) -> Mapping[str, GrantEnded]:
        """Scope -> how the agency's last grant of it ended. It may have been given again since."""
        return self._ended.get(agency, {})


async def follow(identities: Identities, js: JetStreamContext, interval_s: float = 1.0) -> None:
    """Read the IDENTITY stream from its beginning and go on reading, for ever: a revocation holds within `interval_s`.

    Messages are asked for by number (JetStream direct get), so that no service may create or delete a consumer there.
    """
    sequence, identities.is_behind = 0, True
    while True:
        try:
            sequence = await _read_after(sequence, identities, js)
            identities.is_behind = False
            identities.forget(datetime.now(UTC))
        except (NatsError, OSError) as error:
            log.warning("identity.waiting", extra={"reason": repr(error)})
        await asyncio.sleep(interval_s)


async def _read_after(sequence: int, identities: Identities, js: JetStreamContext) -> int:
    """Apply everything that came after `sequence`; returns the last number seen."""
    while True:
        try:
            message = await js.get_msg("IDENTITY", seq=sequence + 1, subject="identity.>", direct=True, next=True)
        except NotFoundError:
            return sequence
        _apply(identities, message)
        sequence = message.seq or sequence + 1


def _apply(identities: Identities, message: RawStreamMsg) -> None:
    # What a newer issuer says beyond these is not for this version.
    if kind := _KINDS.get(message.subject or ""):
        identities.apply(decode(message.data or b"", kind))
