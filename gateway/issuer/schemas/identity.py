"""What the issuer answers and is asked, as the RFCs name it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class TokenForm(BaseModel):
    """`application/x-www-form-urlencoded` body of the token endpoint (RFC 6749; the fields depend on the grant)."""

    grant_type: str = Field(examples=["client_credentials", "authorization_code", "refresh_token"])
    client_id: str | None = None
    scope: str | None = None
    client_assertion_type: str | None = None
    client_assertion: str | None = None
    code: str | None = None
    redirect_uri: str | None = None
    code_verifier: str | None = None
    refresh_token: str | None = None


class RevocationForm(BaseModel):
    """Body of the revocation endpoint (RFC 7009), with the client's authentication."""

    token: str
    token_type_hint: str | None = None
    client_id: str | None = None
    client_assertion_type: str | None = None
    client_assertion: str | None = None


class LoginForm(BaseModel):
    """Body of the login page."""

    csrf: str
    login: str
    password: str


class TokenOut(BaseModel):
    """RFC 6749 section 5.1. expires_in: seconds."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a type
    expires_in: int
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None


class OAuthErrorOut(BaseModel):
    """RFC 6749 section 5.2."""

    error: str
    error_description: str | None = None


class JwksOut(BaseModel):
    """RFC 7517: the public keys; the next one is there before it is used."""

    keys: list[dict[str, Any]]
