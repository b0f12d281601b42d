"""Personal data at rest: sealed with AES-256-GCM, joined by a keyed hash, one key a purpose (HKDF of the root key)."""

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.settings import Settings

_NONCE_BYTES = 12
_VERSION = "v1."


class Vault:
    """Seals, opens and pseudonymises texts. `purpose` separates keys: 'citizen-number', 'account', ..."""

    def __init__(self, root_key: bytes) -> None:
        if len(root_key) != 32:
            raise ValueError("the data key must have 32 bytes")
        self._key = lru_cache(maxsize=64)(lambda purpose: _derive(root_key, purpose))

    @classmethod
    def of(cls, settings: Settings) -> "Vault":
        """The vault of a service; refuses to exist without its key."""
        if settings.data_key is None:
            raise ValueError("ANXIN_DATA_KEY (or the secret file data_key) is missing")
        return cls(base64.b64decode(settings.data_key.get_secret_value()))

    def pseudonym(self, purpose: str, text: str) -> str:
        """32 hex digits: the same text gives the same pseudonym, and only the key leads back to it."""
        return hmac.new(self._key(f"join:{purpose}"), text.encode(), hashlib.sha256).hexdigest()[:32]

    def seal(self, purpose: str, text: str) -> str:
        """The text encrypted and authenticated, as printable text."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._key(f"seal:{purpose}")).encrypt(nonce, text.encode(), purpose.encode())
        return _VERSION + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, purpose: str, sealed: str) -> str:
        """The text back; raises cryptography's InvalidTag when it was changed or belongs to another purpose."""
        raw = base64.urlsafe_b64decode(sealed.removeprefix(_VERSION))
        nonce, body = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
        return AESGCM(self._key(f"seal:{purpose}")).decrypt(nonce, body, purpose.encode()).decode()


def _derive(root_key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"anxin/{purpose}".encode()).derive(root_key)
