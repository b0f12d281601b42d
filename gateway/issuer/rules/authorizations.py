"""The authorization code flow's checks (RFC 6749, 7636, 8252, 9700): where an answer may go, and which code is good."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True)
class Fault:
    """An OAuth error: `error` of the RFC, and one English sentence."""

    error: str
    description: str


def is_registered(redirect_uri: str, registered: Iterable[str]) -> bool:
    """Exactly as registered; only a loopback address may choose its port (RFC 8252 section 7.3)."""
    return any(redirect_uri == each or _is_same_loopback(redirect_uri, each) for each in registered)


def _is_same_loopback(given: str, registered: str) -> bool:
    try:
        one, other = urlsplit(given), urlsplit(registered)
        _ = one.port
    except ValueError:
        return False
    if other.scheme != "http" or other.hostname not in _LOOPBACK or other.port is not None:
        return False
    # Compared as text but for the port, so that no user part, query or fragment slips in.
    return one.hostname == other.hostname and given == f"http://{one.netloc}{other.path}" and "@" not in one.netloc


def fault_of(response_type: str, challenge: str, method: str) -> Fault | None:
    """What is wrong with an authorization request, or None. PKCE with S256 is not optional (RFC 9700)."""
    if response_type != "code":
        return Fault("unsupported_response_type", "Only response_type=code is supported.")
    if method != "S256":
        return Fault("invalid_request", "PKCE with code_challenge_method=S256 is required.")
    if not _CHALLENGE.fullmatch(challenge):
        return Fault("invalid_request", "The code_challenge must be 43 characters of base64url.")
    return None


def is_redeemable(
    *, issued_to: str, redirect_uri: str, expires_at: datetime, client_id: str, given_redirect_uri: str, now: datetime
) -> bool:
    """Whether a code is for this client and this redirect URI, and still fresh. (Unused? The store knows.)"""
    return issued_to == client_id and redirect_uri == given_redirect_uri and now < expires_at
