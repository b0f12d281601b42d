"""A person's signature over a decision: JWS ES256 over the exact bytes, with the officer's own key (RFC 7515, 7638)."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from shared.errors import Conflict, Forbidden, Unprocessable

ALGORITHM = "ES256"
MAX_JWS_CHARS = 65_536
_KNOWN_HEADERS = {"alg", "jwk", "typ", "kid", "cty", "iat"}


class SignatureInvalid(Unprocessable):
    """The signature does not stand over this document."""

    slug = "credit-signature-invalid"
    title = "The signature does not stand over this document"
    title_zh = "签名与决定书不符"


class DocumentChanged(Conflict):
    """What was signed is not the document as it stands now: another day, another fact, or a changed text."""

    slug = "credit-document-changed"
    title = "The signed document is not the decision document as it stands now"
    title_zh = "所签文书与当前决定书不一致，请重新读取"


class SignatureNotYours(Forbidden):
    """The signature was made with another key than the officer's."""

    slug = "credit-signature-not-yours"
    title = "The signature was not made with your own key"
    title_zh = "签名密钥与本人不符"


@dataclass(frozen=True, slots=True)
class Signature:
    """A compact JWS that was verified: whole (with its payload), and the thumbprint of the key that made it."""

    jws: str
    thumbprint: str


def verify(compact: str, document: bytes, own_thumbprint: str | None) -> Signature:
    """The verified signature. `compact` is whole or detached (RFC 7515 appendix F); its header carries the `jwk`.

    DocumentChanged: other bytes were signed. SignatureInvalid: wrong seal, algorithm or header. SignatureNotYours: made
    with a key whose RFC 7638 thumbprint is not the officer's.
    """
    head, body, seal = _parts(compact)
    key, payload = _key(_header(head)), _b64(document)
    if body not in ("", payload):
        raise DocumentChanged(
            "Read the decision document again and sign exactly its bytes.",
            detail_zh="请重新读取决定书，并对其原文逐字节签名。",
        )
    thumbprint = key.thumbprint()
    if own_thumbprint is None or thumbprint != own_thumbprint:
        raise SignatureNotYours(
            "The header's jwk is not the signing key of your login.",
            detail_zh="签名头中的 jwk 不是您账号的签名密钥。",
            check="signature_key",
        )
    whole = f"{head}.{payload}.{seal}"
    try:
        jws.deserialize_compact(whole, key, algorithms=[ALGORITHM])
    except (JoseError, ValueError) as error:
        raise SignatureInvalid(
            "The signature does not verify over the decision document.", detail_zh="签名与决定书不符，验证未通过。"
        ) from error
    return Signature(whole, thumbprint)


def _parts(compact: str) -> tuple[str, str, str]:
    parts = compact.strip().split(".")
    if len(parts) != 3 or not parts[0] or not parts[2]:
        raise SignatureInvalid(
            "A compact JWS has three parts; only the middle one may be empty.",
            detail_zh="紧凑格式的 JWS 应有三段，只有中间一段可以为空。",
        )
    return parts[0], parts[1], parts[2]


def _header(head: str) -> dict[str, Any]:
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError as error:
        raise SignatureInvalid("The JWS header cannot be read.", detail_zh="无法读取 JWS 头。") from error
    # A header we do not know could change what is signed (`crit`, `b64`) or where the key comes from (`jku`, `x5u`).
    if not isinstance(header, dict) or set(header) - _KNOWN_HEADERS or header.get("alg") != ALGORITHM:
        raise SignatureInvalid(
            f"The JWS header has to be alg {ALGORITHM} with a jwk, and nothing unknown.",
            detail_zh=f"JWS 头须为 alg {ALGORITHM} 并带 jwk，且不得有未知字段。",
        )
    return header


def _key(header: dict[str, Any]) -> ECKey:
    jwk = header.get("jwk")
    if not isinstance(jwk, dict) or jwk.get("crv") != "P-256" or "d" in jwk:
        raise SignatureInvalid(
            "The JWS header has to carry the public P-256 key as jwk.", detail_zh="JWS 头须以 jwk 带上 P-256 公钥。"
        )
    try:
        return ECKey.import_key(jwk)
    except (JoseError, ValueError, TypeError) as error:
        raise SignatureInvalid(
            "The header's jwk is not a P-256 key.", detail_zh="签名头中的 jwk 不是 P-256 密钥。"
        ) from error


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
