"""What a sender says that his bytes hash to (RFC 9530): those of this request, or those of a file to come. Pure."""

import hashlib
from typing import Any

import http_sf
from http_message_signatures import ContentDigest, HTTPMessageSignaturesException

from services.ingest.message_signatures.messages import Message
from shared.errors import AnxinError


class DigestRefused(AnxinError):
    """The body is not what Content-Digest (RFC 9530) says."""

    slug = "content-digest-refused"
    title = "The body does not have the digest that was announced"
    title_zh = "请求体与所声明的摘要不符"


def must_have_the_digest(message: Message, sent: bytes) -> None:
    """Compare the body, as it was sent, with Content-Digest if there is one. Raises DigestRefused."""
    announced = message.header("content-digest")
    if announced is None:
        return
    try:
        ContentDigest.verify(announced, sent)
    except HTTPMessageSignaturesException as error:
        raise DigestRefused(
            f"{error}.", detail_zh="请求体与 Content-Digest 不符，或该摘要无法读取。", check="content_digest"
        ) from error


def announced_sha256(message: Message) -> bytes | None:
    """What the file to come will hash to, as it is sent: the `sha-256` of Repr-Digest (RFC 9530). None: not told.

    Raises DigestRefused when the header cannot be read, or speaks of other algorithms only.
    """
    header = message.header("repr-digest")
    if header is None:
        return None
    try:
        told: Any = http_sf.parse(header.encode(), tltype="dictionary")
        found = told["sha-256"][0]
    except (ValueError, KeyError, TypeError) as error:
        raise DigestRefused(
            "Repr-Digest must hold a sha-256.", detail_zh="Repr-Digest 须含 sha-256。", check="repr_digest"
        ) from error
    if not isinstance(found, bytes) or len(found) != hashlib.sha256().digest_size:
        raise DigestRefused(
            "Repr-Digest must hold a sha-256.", detail_zh="Repr-Digest 须含 sha-256。", check="repr_digest"
        )
    return found


def must_be_announced(announced: bytes, found: bytes) -> None:
    """Compare a file that has arrived whole with what was announced of it. Raises DigestRefused."""
    if announced != found:
        detail = f"The file that arrived has the SHA-256 {found.hex()}, not {announced.hex()}."
        raise DigestRefused(
            detail,
            detail_zh=f"到达文件的 SHA-256 为 {found.hex()}，所声明的为 {announced.hex()}。",
            check="repr_digest",
        )
