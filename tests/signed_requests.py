"""An agency that signs its requests (RFC 9421), written by hand: nothing of what checks it is used to make it."""

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from shared.certificates import thumbprint

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
COVERED = ("@method", "@target-uri", "content-type", "content-digest")


@dataclass(frozen=True)
class Signer:
    """A private key and its certificate."""

    key: Key
    certificate: x509.Certificate

    @property
    def digest(self) -> str:
        """SHA-256 of the certificate, hex: what Envoy writes into `x-forwarded-client-cert`."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def keyid(self) -> str:
        return thumbprint(self.digest)

    @property
    def pem(self) -> str:
        """As the gateway shows it inside."""
        return quote(self.certificate.public_bytes(serialization.Encoding.PEM).decode(), safe="")

    def signed(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        covered: tuple[str, ...] = COVERED,
        created: int | None = None,
        more: str = "",
        keyid: str | None = None,
    ) -> dict[str, str]:
        """The headers of a POST, with Content-Digest, Signature-Input and Signature."""
        given = {"content-digest": sha256_digest(body), **headers}
        return self.signed_as_given(url, given, covered=covered, created=created, more=more, keyid=keyid)

    def signed_as_given(
        self,
        url: str,
        given: Mapping[str, str],
        *,
        covered: tuple[str, ...],
        created: int | None = None,
        more: str = "",
        keyid: str | None = None,
    ) -> dict[str, str]:
        """The headers of a POST without a digest of its content, with Signature-Input and Signature."""
        names = " ".join(f'"{name}"' for name in covered)
        moment = int(time.time()) if created is None else created
        parameters = f'({names});created={moment};keyid="{self.keyid if keyid is None else keyid}"{more}'
        values = {"@method": "POST", "@target-uri": url, "@path": "/" + url.split("/", 3)[3], **given}
        lines = [f'"{name}": {values[name]}' for name in covered] + [f'"@signature-params": {parameters}']
        signature = base64.b64encode(_signature(self.key, "\n".join(lines).encode())).decode()
        return {**given, "signature-input": f"sig1={parameters}", "signature": f"sig1=:{signature}:"}


def sha256_digest(content: bytes) -> str:
    """The value of Content-Digest or Repr-Digest (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def signer(key: Key | None = None, name: str = "tax-bureau") -> Signer:
    """A key (P-256 by default) with a certificate of its own."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
    )
    return Signer(key, built.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()))


def load(certificate_pem: bytes, key_pem: bytes) -> Signer:
    """An agency's certificate and key, as `anxin agency add` writes them."""
    key = serialization.load_pem_private_key(key_pem, None)
    assert isinstance(key, Key)
    return Signer(key, x509.load_pem_x509_certificate(certificate_pem))


def _signature(key: Key, base: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(base)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(base, padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512())
    r, s = decode_dss_signature(key.sign(base, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")
