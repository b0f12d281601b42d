"""Whose a client certificate is (RFC 8705 section 2.1)."""

from __future__ import annotations

import re

from shared.certificates import Certificate, certificate_of

__all__ = ["Certificate", "belongs", "certificate_of", "is_same_subject"]

_PART = re.compile(r"((?:[^,+\\]|\\.)+)")


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
