"""An agency's own signature over its request (RFC 9421), checked against its client certificate. Pure.

No key is registered for it: the key is the certificate's, and `keyid` is the certificate's thumbprint (`x5t#S256`, as
in RFC 8705). The algorithm follows from the key and is never the message's choice.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import http_sf
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
    VerificationKey,
    VerifyResult,
)
from http_message_signatures.algorithms import ECDSA_P256_SHA256, ED25519, RSA_PSS_SHA512

from services.ingest.message_signatures.digests import announced_sha256, must_have_the_digest
from services.ingest.message_signatures.messages import Message
from shared.certificates import thumbprint
from shared.errors import Unauthorised

# As long as an access token may live: time enough to send a large file and to try again.
LONGEST_AGE = timedelta(minutes=10)
SKEW = timedelta(seconds=60)
_MUST_COVER = ("@method", "content-digest", "content-type")
# Of a request that begins an upload: it has no content of its own, and says what the file will be.
_BEGINNING_MUST_COVER = ("@method", "repr-digest", "upload-length", "upload-metadata")
_TARGETS = ("@target-uri", "@path")


class SignatureRefused(Unauthorised):
    """The request is signed, and the signature does not hold."""

    slug = "signature-refused"
    title = "The request's signature was refused"
    title_zh = "请求签名未通过验证"


@dataclass(frozen=True)
class Evidence:
    """A signature that held, with all that is needed to verify it again. `certificate`: DER. `base`: RFC 9421, 2.5.

    `sent_sha256` is of the body as it was sent, with its Content-Encoding: that is what Content-Digest speaks of.
    """

    keyid: str
    algorithm: str
    created_at: datetime
    base: str
    signature: bytes
    certificate: bytes
    sent_sha256: bytes


def is_signed(message: Message) -> bool:
    """Whether the sender signed, or meant to."""
    return message.header("signature-input") is not None or message.header("signature") is not None


def verified(message: Message, sent: bytes, certificate_pem: str, digest: str) -> Evidence:
    """The signature over a request and its body as sent. `certificate_pem`: URL-encoded PEM of the client certificate,
    of which the gateway vouches that its thumbprint is `digest`.

    Raises SignatureRefused or DigestRefused, whose `check` names what failed.
    """
    said = _said(message, certificate_pem, digest, _MUST_COVER)
    must_have_the_digest(message, sent)
    return _evidence(message, said, hashlib.sha256(sent).digest())


def beginning_verified(message: Message, certificate_pem: str, digest: str) -> Evidence:
    """The same over a request that begins an upload: it covers Repr-Digest, which speaks of the whole file to come.

    The evidence counts once the file has arrived and is that one: see `must_be_announced`.
    """
    said = _said(message, certificate_pem, digest, _BEGINNING_MUST_COVER)
    if (announced := announced_sha256(message)) is None:
        raise SignatureRefused(
            "The signature must cover repr-digest.", detail_zh="签名须覆盖 repr-digest。", check="signature_coverage"
        )
    return _evidence(message, said, announced)


@dataclass(frozen=True)
class _Parameters:
    components: list[str]
    values: Mapping[str, Any]


@dataclass(frozen=True)
class _Said:
    """A signature that is its sender's own, recent, and covers enough. Whether it holds is not known yet."""

    keyid: str
    certificate: x509.Certificate
    signature: bytes


def _said(message: Message, certificate_pem: str, digest: str, needed: Sequence[str]) -> _Said:
    certificate = _certificate(certificate_pem, digest)
    parameters, signature = _parsed(message)
    _must_be_its_own(parameters, digest)
    _must_cover(parameters.components, message, needed)
    _must_be_timely(parameters)
    return _Said(digest, certificate, signature)


def _evidence(message: Message, said: _Said, sent_sha256: bytes) -> Evidence:
    """The signature checked, and all that it takes to check it again. Raises SignatureRefused."""
    key, algorithm = _key(said.certificate)
    found = _verify(message, key, algorithm)
    return Evidence(
        keyid=said.keyid,
        algorithm=algorithm.algorithm_id,
        created_at=datetime.fromtimestamp(int(found.parameters["created"]), UTC),
        base="\n".join(f"{name}: {value}" for name, value in found.covered_components.items()),
        signature=said.signature,
        certificate=said.certificate.public_bytes(serialization.Encoding.DER),
        sent_sha256=sent_sha256,
    )


def _certificate(pem: str, digest: str) -> x509.Certificate:
    """The certificate; refused unless it is the one that the gateway verified."""
    try:
        certificate = x509.load_pem_x509_certificate(unquote(pem).encode())
    except ValueError as error:
        raise SignatureRefused(
            "The gateway showed no client certificate.", detail_zh="网关未提供客户端证书。", check="signature_key"
        ) from error
    if thumbprint(certificate.fingerprint(hashes.SHA256()).hex()) != digest:
        raise SignatureRefused(
            "This is not the certificate of the connection.",
            detail_zh="所用证书不是本连接的证书。",
            check="signature_key",
        )
    return certificate


def _parsed(message: Message) -> tuple[_Parameters, bytes]:
    """The one signature's components and parameters, and its bytes."""
    try:
        inputs: Any = http_sf.parse((message.header("signature-input") or "").encode(), tltype="dictionary")
        signatures: Any = http_sf.parse((message.header("signature") or "").encode(), tltype="dictionary")
        (label, (components, values)), *more = inputs.items()
        names = [name for name, parameters in components if not parameters]
        signature, _ = signatures[label]
    except (ValueError, KeyError, TypeError) as error:
        raise _malformed("Signature-Input and Signature must hold one signature under one label.") from error
    if more or len(signatures) != 1 or not isinstance(signature, bytes) or not all(map(_is_text, names)):
        raise _malformed("Signature-Input and Signature must hold one signature under one label.")
    return _Parameters(names, values), signature


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _must_be_its_own(parameters: _Parameters, digest: str) -> None:
    if parameters.values.get("keyid") != digest:
        raise SignatureRefused(
            "keyid must be the thumbprint (x5t#S256) of the certificate of this connection.",
            detail_zh="keyid 须为本连接证书的指纹（x5t#S256）。",
            check="signature_key",
        )


def _must_cover(components: Sequence[str], message: Message, always: Sequence[str]) -> None:
    """Refuse a signature that leaves open what it was for. (A component with parameters does not count.)"""
    needed = [*always]
    if message.header("content-encoding") is not None:
        needed.append("content-encoding")
    if "?" in message.url and "@target-uri" not in components:
        needed.append("@query")
    missing = [name for name in needed if name not in components]
    if not any(name in components for name in _TARGETS):
        missing.append("@target-uri")
    if missing:
        raise SignatureRefused(
            f"The signature must cover {', '.join(missing)}.",
            detail_zh=f"签名须覆盖 {'、'.join(missing)}。",
            check="signature_coverage",
        )


def _must_be_timely(parameters: _Parameters) -> None:
    """`created` is needed and recent, by the real clock; `expires` is respected."""
    created, expires, now = parameters.values.get("created"), parameters.values.get("expires"), datetime.now(UTC)
    if type(created) is not int or (expires is not None and type(expires) is not int):
        raise SignatureRefused(
            "The signature must say when it was created.",
            detail_zh="签名须写明创建时间 created。",
            check="signature_time",
        )
    oldest, newest = (now - LONGEST_AGE - SKEW).timestamp(), (now + SKEW).timestamp()
    if not oldest <= created <= newest or (expires is not None and expires < (now - SKEW).timestamp()):
        raise SignatureRefused(
            f"created must be within the last {LONGEST_AGE.seconds // 60} minutes, and expires not over.",
            detail_zh=f"created 须在最近 {LONGEST_AGE.seconds // 60} 分钟内，且 expires 未过。",
            check="signature_time",
        )


def _key(certificate: x509.Certificate) -> tuple[VerificationKey, type[HTTPSignatureAlgorithm]]:
    """The certificate's key, and the one algorithm of RFC 9421 that goes with it here."""
    key = certificate.public_key()
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key, ED25519
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key, ECDSA_P256_SHA256
    if isinstance(key, rsa.RSAPublicKey):
        return key, RSA_PSS_SHA512
    raise SignatureRefused(
        "The certificate's key must be Ed25519, P-256 or RSA.",
        detail_zh="证书密钥须为 Ed25519、P-256 或 RSA。",
        check="signature_key",
    )


class _OneKey(HTTPSignatureKeyResolver):
    """Only the certificate's own key is ever looked at."""

    def __init__(self, key: VerificationKey) -> None:
        self._key = key

    def resolve_public_key(self, key_id: str) -> VerificationKey:
        del key_id
        return self._key


class _Verifier(HTTPMessageVerifier):
    """Age is judged before, and said by its own name."""

    max_clock_skew = SKEW


def _verify(message: Message, key: VerificationKey, algorithm: type[HTTPSignatureAlgorithm]) -> VerifyResult:
    verifier = _Verifier(signature_algorithm=algorithm, key_resolver=_OneKey(key))
    try:
        (found,) = verifier.verify(message, max_age=LONGEST_AGE)
    except HTTPMessageSignaturesException as error:
        raise SignatureRefused(
            "The signature does not fit the request.", detail_zh="签名与请求不符。", check="signature_invalid"
        ) from error
    return found


def _malformed(detail: str) -> SignatureRefused:
    return SignatureRefused(
        detail, detail_zh="Signature-Input 与 Signature 须在同一标签下各含一个签名。", check="signature_malformed"
    )
