"""Agencies: who asks (RFC 8705 tls_client_auth, RFC 7523 private_key_jwt), and a token bound to the certificate."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidScopeError, UnsupportedGrantTypeError

from gateway.issuer import store, tokens
from gateway.issuer.models import Client
from gateway.issuer.rules import certificates, claims, scopes
from gateway.issuer.usecases import grants
from gateway.issuer.usecases.desk import Desk, Form
from shared.certificates import Certificate
from shared.db import Session
from shared.ids import new_id

log = logging.getLogger(__name__)

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def issue_to_client(session: Session, desk: Desk, form: Form) -> tokens.Issued:
    """The client_credentials grant. Raises OAuth2Error."""
    if form.get("grant_type") != "client_credentials":
        raise UnsupportedGrantTypeError(form.get("grant_type", "none"))
    client, certificate = await authenticate(session, desk, form)
    granted = _granted(form.get("scope", ""), await grants.scopes_of(session, client, desk.now))
    signer = tokens.Signer(desk.vault, await store.signing_keys(session), desk.now)
    token_id = str(new_id())
    body = claims.agency_token(
        issuer=desk.issuer,
        audience=desk.settings.audience,
        client_id=client.client_id,
        scopes=granted,
        thumbprint=certificate.thumbprint,
        token_id=token_id,
        now=desk.now,
        lifetime=desk.settings.token_lifetime,
    )
    log.info("token.issued", extra={"client_id": client.client_id, "jti": token_id, "scope": " ".join(granted)})
    return tokens.Issued(
        access_token=signer.access_token(body), expires_in=desk.settings.token_lifetime_s, scope=" ".join(granted)
    )


async def authenticate(session: Session, desk: Desk, form: Form) -> tuple[Client, Certificate]:
    """The client and the certificate it holds. One answer for every failure: who guesses learns nothing from it."""
    certificate = desk.certificate
    if certificate is None:
        raise _refused("no client certificate was presented")
    assertion = form.get("client_assertion", "")
    client_id = form.get("client_id") or tokens.unverified_subject(assertion)
    client = await store.client(session, client_id)
    if client is None or client.revoked_at is not None or client.auth_method == "none":
        raise _refused("unknown or revoked client")
    if not certificates.belongs(certificate, client.subject, tuple(client.thumbprints)):
        raise _refused("the certificate is not the client's")
    if client.auth_method == "private_key_jwt":
        await _check_assertion(session, desk, client, form)
    elif assertion:
        raise _refused("this client authenticates by its certificate only")
    return client, certificate


async def _check_assertion(session: Session, desk: Desk, client: Client, form: Form) -> None:
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise _refused("a client assertion is required")
    try:
        found = tokens.client_assertion(
            form.get("client_assertion", ""), client.jwks or {}, desk.issuer, client.client_id, desk.now
        )
    except tokens.InvalidAssertion as error:
        raise _refused(str(error)) from error
    expires = datetime.fromtimestamp(found["exp"], UTC) + timedelta(seconds=30)
    if not await store.remember_assertion(session, client.client_id, str(found["jti"]), expires):
        raise _refused("the client assertion was used before")


def _granted(requested: str, allowed: frozenset[str]) -> tuple[str, ...]:
    try:
        return scopes.granted(requested, allowed)
    except scopes.ScopeNotGranted as error:
        raise InvalidScopeError("The client was not granted every requested scope.") from error


def _refused(reason: str) -> InvalidClientError:
    log.warning("client.refused", extra={"reason": reason})
    return InvalidClientError("Client authentication failed.", status_code=401)
