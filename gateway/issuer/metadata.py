"""What the issuer says about itself (RFC 8414, OpenID Connect Discovery), for each of its two addresses."""

from __future__ import annotations

from typing import Any

from gateway.issuer.roles import roles, scopes_by_role
from gateway.issuer.rules.scopes import IDENTITY_SCOPES
from gateway.issuer.tokens import CLIENT_ALGORITHMS


def agencies(issuer: str) -> dict[str, Any]:
    """For programs of agencies: client credentials, bound to a certificate."""
    methods = ["tls_client_auth", "private_key_jwt"]
    return {
        **_common(issuer),
        # RFC 8414 wants the list, and clients refuse an empty one: "none" is the registered word for it.
        "response_types_supported": ["none"],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": CLIENT_ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": CLIENT_ALGORITHMS,
        "tls_client_certificate_bound_access_tokens": True,
    }


def people(issuer: str) -> dict[str, Any]:
    """For people: authorization code with PKCE; also valid as OpenID Connect discovery."""
    scopes = {scope for role in roles() for scope in scopes_by_role()[role]}
    return {
        **_common(issuer),
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": True,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "scopes_supported": sorted(scopes | IDENTITY_SCOPES),
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "name"],
        "ui_locales_supported": ["zh-CN", "en"],
    }


def _common(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
    }
