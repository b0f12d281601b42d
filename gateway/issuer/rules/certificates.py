"""The client certificate as the gateway vouches for it (x-forwarded-client-cert), and whose it is (RFC 8705)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

_HASH = re.compile(r"(?:^|;)Hash=([0-9a-fA-F]{64})(?:;|$)")
_SUBJECT = re.compile(r'(?:^|;)Subject="((?:[^"\\]|\\.)*)"')
_PART = re.compile(r"((?:[^,+\\]|\\.)+)")


@dataclass(frozen=True)
class Certificate:
    """thumbprint: base64url SHA-256 of the certificate, as `x5t#S256`. subject: its name, RFC 4514 text."""

    thumbprint: str
    subject: str


def certificate_of(xfcc: str) -> Certificate | None:
    """The one certificate in the header, None without one. A header with two (a second proxy) proves nothing."""
    digest, subject = _HASH.search(xfcc), _SUBJECT.search(xfcc)
    if not digest or xfcc.lower().count("hash=") != 1:
        return None
    thumbprint = base64.urlsafe_b64encode(bytes.fromhex(digest.group(1))).decode().rstrip("=")
    # Envoy puts the RFC 2253 text between quotes as it is; its escapes are part of the name and stay.
    return Certificate(thumbprint, subject.group(1) if subject else "")


def is_same_subject(registered: str, presented: str) -> bool:
    """Whether two distinguished names have the same parts in the same order, whatever the spaces and attribute case."""
    return bool(registered) and _parts(registered) == _parts(presented)


def _parts(name: str) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in _PART.findall(name))
    return [(kind.strip().upper(), value.strip()) for kind, _, value in pairs]


def belongs(certificate: Certificate, subject: str | None, thumbprints: tuple[str, ...]) -> bool:
    """Whether the certificate is the client's: its registered subject, and one of the pinned ones if any are pinned."""
    if thumbprints and certificate.thumbprint not in thumbprints:
        return False
    return is_same_subject(subject, certificate.subject) if subject else bool(thumbprints)
