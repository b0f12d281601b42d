"""What the door speaks, and how it takes new certificates and keys without a restart."""

import socket
import ssl
import time
from dataclasses import replace
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, KeySet

from gateway.envoy import Parameters
from local import pki as local_pki
from tests.gateway_answers import RECORDS, wait_for
from tests.gateway_door import Door, open_door, write_secrets


def test_both_http_versions_are_spoken(door: Door) -> None:
    for offered in (["h2"], ["http/1.1"]):
        context = door.context()
        context.set_alpn_protocols(offered)
        assert _handshake(door, context) == offered[0]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_old_tls_is_refused(door: Door) -> None:
    context = door.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _handshake(door, context)


def test_weak_ciphers_are_refused(door: Door) -> None:
    context = door.context(tls=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:AES128-SHA")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _handshake(door, context)


def _handshake(door: Door, context: ssl.SSLContext) -> str | None:
    """The protocol that was agreed on."""
    plain = socket.create_connection(("127.0.0.1", door.parameters.agencies_port), timeout=10)
    with context.wrap_socket(plain, server_hostname="localhost") as connection:
        return connection.selected_alpn_protocol()


def test_renewed_certificates_are_taken_without_a_restart(tmp_path: Path) -> None:
    write_secrets(Parameters(pki_dir=str(tmp_path / "pki")), tmp_path)
    with open_door(tmp_path, secrets_dir=str(tmp_path)) as door:
        before = _certificate(door)
        with door.client() as client:
            assert client.get(RECORDS, headers=door.token()).status_code == 200
        _renew(door)
        wait_for(lambda: _certificate(door) != before)
        with door.client() as client:
            assert client.get(RECORDS, headers=door.token()).status_code == 200
        with door.client("stranger") as client:
            assert client.get(RECORDS, headers=door.token()).json()["check"] == "certificate_untrusted"


def _certificate(door: Door) -> str:
    return ssl.get_server_certificate(("127.0.0.1", door.parameters.agencies_port))


def _renew(door: Door) -> None:
    """As cert-manager does: new files beside, then moved into place."""
    authority = local_pki.load_authority(door.pki, "ca")
    issued = local_pki.issue(authority, "localhost", ["localhost"])
    for name, content in (("front.key", issued.key_pem), ("front.crt", issued.certificate_pem)):
        fresh = door.pki.directory / f".{name}.new"
        fresh.write_bytes(content)
        fresh.replace(door.pki.directory / name)


def test_a_new_signing_key_is_good_as_soon_as_it_may_be_used(tmp_path: Path) -> None:
    with open_door(tmp_path, jwks_cache=6) as door, door.client() as client:
        assert client.get(RECORDS, headers=door.token()).status_code == 200
        successor = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"})
        successor.ensure_kid()
        door.neighbour.jwks = dict(KeySet([door.key, successor]).as_dict(private=False))
        later = replace(door, key=successor)
        wait_for(lambda: client.get(RECORDS, headers=later.token()).status_code == 200, 12)
        assert client.get(RECORDS, headers=door.token()).status_code == 200


def test_an_issuer_that_is_away_stops_nobody_who_holds_a_token(tmp_path: Path) -> None:
    with open_door(tmp_path, jwks_cache=6) as door, door.client() as client:
        assert client.get(RECORDS, headers=door.token()).status_code == 200
        door.neighbour.jwks_status = 503
        time.sleep(9)
        assert client.get(RECORDS, headers=door.token()).status_code == 200
