"""The client certificate that the gateway vouches for in `x-forwarded-client-cert`, and its thumbprint (RFC 8705)."""

import base64
import re
from dataclasses import dataclass
from functools import lru_cache

_HASH = re.compile(r"(?:^|;)Hash=([0-9a-fA-F]{64})(?:;|$)")
_SUBJECT = re.compile(r'(?:^|;)Subject="((?:[^"\\]|\\.)*)"')
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')


@dataclass(frozen=True)
class Certificate:
    """thumbprint: base64url SHA-256 of the certificate, as `x5t#S256`. subject: its name, RFC 4514 text."""

    thumbprint: str
    subject: str


@lru_cache(maxsize=1024)
def certificate_of(xfcc: str) -> Certificate | None:
    """The one certificate in the header, None without one. A header with two (a second proxy) proves nothing."""
    # A subject is the certificate holder's own words: what stands in quotes is never read for anything else.
    bare = _QUOTED.sub("", xfcc)
    digest = _HASH.search(bare)
    if not digest or bare.lower().count("hash=") != 1:
        return None
    subject = _SUBJECT.search(xfcc)
    # Envoy puts the RFC 2253 text between quotes as it is; its escapes are part of the name and stay.
    return Certificate(thumbprint(digest.group(1)), subject.group(1) if subject else "")


def thumbprint(digest: str) -> str:
    """The `x5t#S256` of a certificate whose SHA-256 is this, in hex."""
    return base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip("=")
