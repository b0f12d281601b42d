"""What a sender says of his own request: his signature (RFC 9421) and the digest of its body (RFC 9530)."""

import asyncio
from typing import NamedTuple

from fastapi import Request

from services.ingest.message_signatures import (
    Evidence,
    Message,
    announced_sha256,
    beginning_verified,
    is_signed,
    must_have_the_digest,
    verified,
)
from shared.auth import Caller

# Set by the gateway alone, and only where there is a signature to check: the client certificate, PEM, URL-encoded.
CERTIFICATE = "x-anxin-client-certificate"
_SAYS = frozenset({b"signature", b"signature-input", b"content-digest", b"repr-digest"})


class Announcement(NamedTuple):
    """What the sender says the file to come will hash to, as it is sent, and his signature over that; None: nothing."""

    sha256: bytes | None
    evidence: Evidence | None


async def proven(request: Request, sender: Caller, sent: bytes, public_url: str) -> Evidence | None:
    """The sender's signature over the request and its body as sent; None when he did not sign.

    `public_url`: the platform's address for agencies, which they sign. Raises SignatureRefused, DigestRefused.
    """
    if not any(name in _SAYS for name, _ in request.scope["headers"]):
        return None
    message = _message(request, public_url)
    if not is_signed(message):
        await asyncio.to_thread(must_have_the_digest, message, sent)
        return None
    certificate = request.headers.get(CERTIFICATE, "")
    return await asyncio.to_thread(verified, message, sent, certificate, sender.thumbprint or "")


async def announced(request: Request, sender: Caller, public_url: str) -> Announcement:
    """The same of a request that begins an upload, by Repr-Digest. Raises SignatureRefused, DigestRefused."""
    if not any(name in _SAYS for name, _ in request.scope["headers"]):
        return Announcement(None, None)
    message = _message(request, public_url)
    must_have_the_digest(message, b"")
    if not is_signed(message):
        return Announcement(announced_sha256(message), None)
    certificate = request.headers.get(CERTIFICATE, "")
    evidence = await asyncio.to_thread(beginning_verified, message, certificate, sender.thumbprint or "")
    return Announcement(evidence.sent_sha256, evidence)


def _message(request: Request, public_url: str) -> Message:
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope.get("raw_path", b"").decode("latin-1") or request.url.path
    lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.scope["headers"]]
    return Message(request.method, public_url + path + (f"?{query}" if query else ""), lines)
