"""A large file as it is kept: pieces of some megabytes, each compressed and sealed under the file's own key.

AES-256-GCM as for whole bodies (`sealing.py`); the piece's file and place are authenticated with it, so that no
piece can stand for another.
"""

import os
from dataclasses import dataclass
from uuid import UUID

import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.crypto import Vault

PIECE_BYTES = 4 * 1024 * 1024
_PURPOSE = "import-file"
_NONCE_BYTES = 12
# The fastest: what is worth compressing shrinks well enough, and the client is waiting.
_LEVEL = 1


@dataclass(frozen=True)
class Piece:
    """Some bytes of a file: `size` of them, from `first_byte` on, sealed."""

    first_byte: int
    content: bytes
    size: int


def new_file_key(vault: Vault) -> str:
    """A key of its own for a file, sealed by the vault."""
    return vault.seal(_PURPOSE, AESGCM.generate_key(256).hex())


def seal_piece(vault: Vault, file_key: str, import_id: UUID, first_byte: int, clear: bytes) -> Piece:
    """The bytes, ready to be kept."""
    nonce = os.urandom(_NONCE_BYTES)
    packed = zstandard.compress(clear, _LEVEL)
    sealed = _cipher(vault, file_key).encrypt(nonce, packed, _place(import_id, first_byte))
    return Piece(first_byte, nonce + sealed, len(clear))


def open_piece(vault: Vault, file_key: str, import_id: UUID, piece: Piece) -> bytes:
    """The bytes back; raises cryptography's InvalidTag when they were changed or moved."""
    nonce, sealed = piece.content[:_NONCE_BYTES], piece.content[_NONCE_BYTES:]
    packed = _cipher(vault, file_key).decrypt(nonce, sealed, _place(import_id, piece.first_byte))
    return zstandard.decompress(packed, max_output_size=piece.size)


def _cipher(vault: Vault, file_key: str) -> AESGCM:
    return AESGCM(bytes.fromhex(vault.open(_PURPOSE, file_key)))


def _place(import_id: UUID, first_byte: int) -> bytes:
    return import_id.bytes + first_byte.to_bytes(8, "big")
