"""Numbers of persons and accounts, and whole bodies, sealed before anything is stored or announced."""

import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

import polars as pl
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.ingest.catalogue import Dataset, Item
from services.ingest.matching import SUBJECT
from services.ingest.validation.identifiers import credit_codes
from shared.crypto import Vault

IDENTITIES = {"pseudonym": pl.String, "purpose": pl.String, "sealed": pl.String}
_BODY = "raw-body"
_NONCE_BYTES = 12
# Registers pack to a seventh at any level of zstd; the lowest takes half the time of its default.
_LEVEL = 1
_GAPS = r"[\s\x{200b}\x{feff}\p{Pd}]"


@dataclass(frozen=True)
class SealedBody:
    """A body as it is kept: zstd, then AES-256-GCM under a key of its own, which the vault has sealed."""

    sha256: bytes
    content: bytes
    sealed_key: str
    bytes: int


def seal_body(vault: Vault, body: bytes) -> SealedBody:
    """The file as it came, ready to be kept by its SHA-256."""
    return _sealed(vault, sha256(body).digest(), zstandard.compress(body, _LEVEL), len(body))


def seal_pieces(vault: Vault, pieces: Iterable[bytes]) -> SealedBody:
    """The same of a file that is never held whole: what is held is what it packs to."""
    digest, packing, packed, size = sha256(), zstandard.ZstdCompressor(_LEVEL).compressobj(), io.BytesIO(), 0
    for piece in pieces:
        digest.update(piece)
        packed.write(packing.compress(piece))
        size += len(piece)
    packed.write(packing.flush())
    return _sealed(vault, digest.digest(), packed.getvalue(), size)


def _sealed(vault: Vault, digest: bytes, packed: bytes, size: int) -> SealedBody:
    key, nonce = AESGCM.generate_key(256), os.urandom(_NONCE_BYTES)
    return SealedBody(digest, nonce + AESGCM(key).encrypt(nonce, packed, digest), vault.seal(_BODY, key.hex()), size)


def open_body(vault: Vault, kept: SealedBody) -> bytes:
    """The file back, byte for byte; raises InvalidTag when it was changed."""
    return zstandard.decompress(open_packed(vault, kept), max_output_size=kept.bytes)


def open_packed(vault: Vault, kept: SealedBody) -> bytes:
    """The file still packed (zstd), for whoever reads it as a stream; raises InvalidTag when it was changed."""
    key = bytes.fromhex(vault.open(_BODY, kept.sealed_key))
    nonce, sealed = kept.content[:_NONCE_BYTES], kept.content[_NONCE_BYTES:]
    return AESGCM(key).decrypt(nonce, sealed, kept.sha256)


def masked_number(kind: str, number: str) -> str:
    """A person's number as 330110********1234 (domain.md 6.2); of an account the last four places."""
    return f"{number[:6]}********{number[-4:]}" if kind == "person" else f"****{number[-4:]}"


def pseudonymised(rows: pl.DataFrame, dataset: Dataset, vault: Vault) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with what is P3 or ties replaced by its pseudonym, and the sealed P3 (pseudonym, purpose, sealed).

    The same person or account has one pseudonym in every dataset: the key depends on whose number it is, not on where.
    """
    if tied := [_tied(rows.get_column(item.item), vault) for item in dataset.items if item.tied]:
        rows = rows.with_columns(tied)
    sealed = [pl.DataFrame(schema=IDENTITIES)]
    secret = [item for item in dataset.items if item.sensitivity == "P3"]
    if not secret:
        return rows, sealed[0]
    for item in secret:
        found = _sealed_values(rows.get_column(item.item), item, vault)
        rows = _replaced(rows, item, dataset, found)
        sealed.append(found.select(*IDENTITIES))
    return rows, pl.concat(sealed).unique("pseudonym", maintain_order=True)


def _tied(names: pl.Series, vault: Vault) -> pl.Series:
    """Of each name a pseudonym. The name itself is kept in the file alone."""
    clear = names.drop_nulls().unique(maintain_order=True)
    return names.replace(clear, pl.Series([vault.pseudonym("name", name) for name in clear], dtype=pl.String))


def _sealed_values(column: pl.Series, item: Item, vault: Vault) -> pl.DataFrame:
    """Each distinct value once: clear, pseudonym, purpose, sealed."""
    clear = column.drop_nulls().unique(maintain_order=True)
    if item.seal == "person-or-company":
        clear = clear.filter(credit_codes(clear).values.is_null())
    purpose = "account" if item.seal == "account" else "person"
    texts = (_one_spelling(clear) if purpose == "account" else clear).to_list()
    return pl.DataFrame(
        {
            "clear": clear.cast(pl.String),
            "pseudonym": pl.Series([vault.pseudonym(purpose, text) for text in texts], dtype=pl.String),
            "purpose": pl.repeat(purpose, len(texts), dtype=pl.String, eager=True),
            "sealed": pl.Series([vault.seal(purpose, text) for text in texts], dtype=pl.String),
        }
    )


def _one_spelling(accounts: pl.Series) -> pl.Series:
    """An account number as every bank would print it without gaps: else one account would have several pseudonyms."""
    bare = accounts.str.normalize("NFKC").str.replace_all(_GAPS, "").str.to_uppercase()
    return bare.zip_with(bare != "", accounts)


def _replaced(rows: pl.DataFrame, item: Item, dataset: Dataset, found: pl.DataFrame) -> pl.DataFrame:
    pseudonyms = pl.col(item.item).replace(found.get_column("clear"), found.get_column("pseudonym"))
    rows = rows.with_columns(pseudonyms)
    if dataset.subject.item == item.item and dataset.subject.kind != "employer":
        rows = rows.with_columns(pl.col(item.item).alias(SUBJECT))
    return rows
