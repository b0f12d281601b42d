"""The development certificate authorities and the short-lived certificates they sign.

Three authorities, so that no certificate opens a door it was not made for:

- `ca.crt` (agency CA) signs the front door's server certificate (`front.crt`) and the agencies' client certificates;
- `mesh-ca.crt` signs each part's own certificate (`<name>.crt`), its TLS server certificate and its NATS identity;
- `edge-ca.crt` signs only `edge.crt`, the certificate the gateway shows to the services. They accept no other client.

The file names are those that cert-manager writes in the cluster. Leaf certificates are made anew at every start;
the authorities stay for as long as they are valid, so that an agency's certificate survives a restart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local import files
from local.refusals import HomeUnusable

MESH_NAMES = (
    "gateway",
    "issuer",
    "ingest",
    "scoring",
    "alerts",
    "credit",
    "operator",
    "nats",
    "collector",
    "subscriber-public-credit",
)
AUTHORITIES = {"ca": "Anxin development agency CA", "mesh-ca": "Anxin development mesh CA", "edge-ca": "Anxin edge CA"}
AUTHORITY_LIFETIME = timedelta(days=3650)
MESH_LIFETIME = timedelta(days=14)
AGENCY_LIFETIME = timedelta(days=90)
# Clocks of two machines are never quite equal; a certificate that starts this second is refused by the slower one.
BACKDATED = timedelta(minutes=5)


@dataclass(frozen=True)
class Authority:
    """A certificate authority: its certificate and the key that signs."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Issued:
    """A certificate and its private key, both PEM."""

    certificate_pem: bytes
    key_pem: bytes


@dataclass(frozen=True)
class Pki:
    """The folder that holds authorities and certificates; agencies' folders lie beside it."""

    directory: Path

    def certificate(self, name: str) -> Path:
        return self.directory / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.directory / f"{name}.key"

    @property
    def agencies(self) -> Path:
        return self.directory.parent / "agencies"


def ensure(directory: Path, now: datetime | None = None) -> Pki:
    """Make the missing authorities and renew every leaf certificate. Call it at each start."""
    moment = now or datetime.now(UTC)
    directory.mkdir(parents=True, exist_ok=True)
    pki = Pki(directory)
    agency_ca, mesh_ca, edge_ca = (_ensure_authority(pki, name, moment) for name in AUTHORITIES)
    _keep(pki, "front", issue(agency_ca, "localhost", ["localhost"], now=moment))
    _keep(pki, "edge", issue(edge_ca, "gateway", [], now=moment))
    for name in MESH_NAMES:
        # The part's own name comes first: NATS takes the first DNS name that is one of its users.
        _keep(pki, name, issue(mesh_ca, name, [name, "localhost"], now=moment))
    return pki


def issue_agency(pki: Pki, client_id: str, lifetime: timedelta = AGENCY_LIFETIME) -> Path:
    """Sign a client certificate for an agency. Returns its folder with `client.crt`, `client.key` and `ca.crt`."""
    issued = issue(load_authority(pki, "ca"), client_id, [], lifetime=lifetime)
    folder = pki.agencies / client_id
    folder.mkdir(parents=True, exist_ok=True)
    files.write_together(
        (folder / "client.crt", issued.certificate_pem, files.PUBLIC),
        (folder / "client.key", issued.key_pem, files.PRIVATE),
        (folder / "ca.crt", pki.certificate("ca").read_bytes(), files.PUBLIC),
    )
    return folder


def issue(
    authority: Authority,
    common_name: str,
    dns_names: Sequence[str],
    *,
    lifetime: timedelta = MESH_LIFETIME,
    now: datetime | None = None,
) -> Issued:
    """Sign one leaf certificate (EC P-256). With `dns_names` it also serves TLS at 127.0.0.1. `now` in the past makes
    an expired one."""
    moment = now or datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(common_name, authority.certificate.subject, key, moment, lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(_purposes(serves=bool(dns_names)), critical=False)
        .add_extension(_authority_identifier(authority), critical=False)
    )
    if dns_names:
        builder = builder.add_extension(_alternative_names(dns_names), critical=False)
    certificate = builder.sign(authority.key, hashes.SHA256())
    return Issued(certificate.public_bytes(serialization.Encoding.PEM), _key_pem(key))


def new_authority(common_name: str, now: datetime | None = None) -> Authority:
    """A fresh self-signed authority. Tests use it as the CA that nobody trusts."""
    moment = now or datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(common_name)
    certificate = (
        _builder(common_name, subject, key, moment, AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def load_authority(pki: Pki, name: str) -> Authority:
    """Read an authority from its folder. Raises FileNotFoundError when the platform was never started here, and
    HomeUnusable for a file that is empty or broken."""
    certificate = read_certificate(pki.certificate(name))
    try:
        key = serialization.load_pem_private_key(pki.key(name).read_bytes(), password=None)
    except ValueError as error:
        raise _broken(pki.key(name)) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{pki.key(name)} is not an elliptic curve key")
    return Authority(certificate, key)


def read_certificate(file: Path) -> x509.Certificate:
    """The certificate in a PEM file. Raises HomeUnusable for an empty or broken one."""
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except ValueError as error:
        raise _broken(file) from error


def _broken(file: Path) -> HomeUnusable:
    return HomeUnusable(f"{file} 为空或已损坏。", f"{file} is empty or broken.")


def thumbprint(certificate_pem: bytes) -> str:
    """SHA-256 of the certificate, hex, as Envoy writes it into `x-forwarded-client-cert`."""
    return x509.load_pem_x509_certificate(certificate_pem).fingerprint(hashes.SHA256()).hex()


def write_private(path: Path, content: bytes) -> None:
    """Write a file nobody else may read, from its first byte on."""
    files.write(path, content, files.PRIVATE)


def _ensure_authority(pki: Pki, name: str, now: datetime) -> Authority:
    if pki.certificate(name).exists() and pki.key(name).exists():
        authority = load_authority(pki, name)
        if authority.certificate.not_valid_after_utc - now > AGENCY_LIFETIME:
            return authority
    authority = new_authority(AUTHORITIES[name], now)
    _keep(pki, name, Issued(authority.certificate.public_bytes(serialization.Encoding.PEM), _key_pem(authority.key)))
    return authority


def _keep(pki: Pki, name: str, issued: Issued) -> None:
    files.write_together(
        (pki.key(name), issued.key_pem, files.PRIVATE), (pki.certificate(name), issued.certificate_pem, files.PUBLIC)
    )


def _builder(
    common_name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternative_names(dns_names: Sequence[str]) -> x509.SubjectAlternativeName:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in dns_names]
    return x509.SubjectAlternativeName([*names, x509.IPAddress(ip_address("127.0.0.1"))])


def _purposes(*, serves: bool) -> x509.ExtendedKeyUsage:
    server = [ExtendedKeyUsageOID.SERVER_AUTH] if serves else []
    return x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, *server])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _authority_identifier(authority: Authority) -> x509.AuthorityKeyIdentifier:
    identifier = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier.value)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
