"""A saved receipt verified without the platform: who sent what when, by the keys that were kept of it."""

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import zstandard
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from local.refusals import Refusal

_TYPE = "receipt+jwt"
_BLOCK = 1024 * 1024


class NotProven(Refusal):
    """The receipt, or what it is said to be about, is not what it seems."""


@dataclass(frozen=True)
class Proven:
    """A receipt whose signature holds. `sender`: the agency's certificate if it signed as well, and that holds, too."""

    claims: dict[str, Any]
    kid: str
    sender: x509.Certificate | None

    @property
    def signed_at(self) -> datetime:
        return datetime.fromtimestamp(self.claims["iat"], UTC)


def verified(text: str, keys: dict[str, Any]) -> Proven:
    """The receipt in a text: a compact JWS, or JSON that holds one. Raises NotProven."""
    token = _token(text)
    try:
        found = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["ES256"])  # type: ignore[arg-type]
        if found.header.get("typ") != _TYPE:
            raise NotProven("这是别的令牌，不是回执。", "This is another kind of token, not a receipt.")
        claims = dict(found.claims)
        return Proven(claims, str(found.header["kid"]), _sender(claims.get("sender_signature")))
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise NotProven(
            f"回执的签名无效（{type(error).__name__}）。",
            f"The receipt's signature does not hold ({type(error).__name__}).",
        ) from error


def must_be_about(proven: Proven, file: Path) -> str:
    """Compare a data file with the receipt: as it is, or unpacked (.gz, .zst). Returns its SHA-256, hex.

    Raises NotProven when it is another file.
    """
    about = proven.claims["file"]["sha256"]
    signed = proven.claims.get("sender_signature") or {}
    for opened in (_plain, _gunzipped, _unzstd):
        digest = _sha256(file, opened)
        if digest in (about, signed.get("sent_sha256")):
            return digest
    raise NotProven(
        f"{file} 不是这份回执所说的文件：SHA-256 不同。",
        f"{file} is not the file of this receipt: its SHA-256 differs.",
    )


def _token(text: str) -> str:
    text = text.strip()
    if not text.startswith("{"):
        return text
    try:
        held = json.loads(text)
    except ValueError as error:
        raise NotProven("文件不是 JSON，也不是 JWS。", "The file is neither JSON nor a JWS.") from error
    if {"protected", "payload", "signature"} <= held.keys():
        return f"{held['protected']}.{held['payload']}.{held['signature']}"
    found = [value for value in held.values() if isinstance(value, str) and value.count(".") == 2 and value[:2] == "ey"]
    if len(found) != 1:
        raise NotProven("这个 JSON 中没有 JWS。", "There is no JWS in this JSON.")
    return found[0]


def _sender(told: dict[str, Any] | None) -> x509.Certificate | None:
    """The certificate with which the agency signed its request, checked once more; None when it did not."""
    if told is None:
        return None
    certificate = x509.load_der_x509_certificate(base64.b64decode(told["x5c"][0]))
    try:
        _verify(certificate.public_key(), base64.b64decode(told["signature"]), told["base"].encode())
    except InvalidSignature as error:
        raise NotProven(
            "部门自己的签名无效。", "The agency's own signature, which the receipt holds, does not hold."
        ) from error
    return certificate


def _verify(key: Any, signature: bytes, base: bytes) -> None:
    """RFC 9421, 3.3: the three algorithms that the platform takes."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, base)
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, base, padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512())
    elif isinstance(key, ec.EllipticCurvePublicKey):
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        key.verify(encode_dss_signature(r, s), base, ec.ECDSA(hashes.SHA256()))
    else:
        raise InvalidSignature


def _sha256(file: Path, opened: Callable[[BinaryIO], Iterator[bytes]]) -> str:
    """In bounded memory; empty when the file is not packed in that way."""
    digest = hashlib.sha256()
    try:
        with file.open("rb") as source:
            for block in opened(source):
                digest.update(block)
    except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError):
        return ""
    return digest.hexdigest()


def _plain(source: BinaryIO) -> Iterator[bytes]:
    while block := source.read(_BLOCK):
        yield block


def _gunzipped(source: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=source) as unpacked:  # of several members, as the platform takes them
        while block := unpacked.read(_BLOCK):
            yield block


def _unzstd(source: BinaryIO) -> Iterator[bytes]:
    with zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True) as unpacked:
        while block := unpacked.read(_BLOCK):
            yield block
