"""An agency's own word for what it sends: digests (RFC 9530) and its signature over them (RFC 9421). Pure."""

from services.ingest.message_signatures.digests import (
    DigestRefused,
    announced_sha256,
    must_be_announced,
    must_have_the_digest,
)
from services.ingest.message_signatures.messages import Message
from services.ingest.message_signatures.signatures import (
    LONGEST_AGE,
    SKEW,
    Evidence,
    SignatureRefused,
    beginning_verified,
    is_signed,
    verified,
)

__all__ = [
    "LONGEST_AGE",
    "SKEW",
    "DigestRefused",
    "Evidence",
    "Message",
    "SignatureRefused",
    "announced_sha256",
    "beginning_verified",
    "is_signed",
    "must_be_announced",
    "must_have_the_digest",
    "verified",
]
