"""Who calls, and whether he may. Envoy has checked the token's signature; we check it again, its binding and its scope.

An agency's token is bound to its certificate (RFC 8705, `cnf.x5t#S256`); a person's carries roles and a jurisdiction.
`Officer = Annotated[Caller, Depends(require("alerts:verify"))]`: one type a scope.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import Request
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import KeySet

from shared.certificates import certificate_of
from shared.errors import Forbidden, Unauthorised
from shared.events import GrantEnded
from shared.identity import Identities
from shared.settings import Settings

_LEEWAY_S = 5
_CLOCK = jwt.JWTClaimsRegistry(leeway=_LEEWAY_S)


@dataclass(frozen=True)
class Caller:
    """Who calls: an agency (client id) or a person (login), with what the token allows."""

    kind: Literal["agency", "person"]
    id: str
    name: str
    scopes: frozenset[str]
    roles: tuple[str, ...]
    division: str | None
    sig_jkt: str | None
    token_id: str
    thumbprint: str | None
    ended_grants: Mapping[str, GrantEnded] = field(default_factory=dict, compare=False)

    @property
    def jurisdiction(self) -> str:
        """The division prefix whose rows a person may see; nothing for agencies."""
        return self.division or "" if self.kind == "person" else ""

    def must_have(self, scope: str) -> None:
        """Refuse without the scope."""
        if scope not in self.scopes:
            self._must_not_have_ended(scope)
            raise Forbidden(
                f"The token lacks the scope {scope}.", detail_zh=f"令牌缺少权限 {scope}。", check="scope_missing"
            )

    def _must_not_have_ended(self, scope: str) -> None:
        """Say that it was granted once, rather than that it is missing: the agency knows then what to ask for."""
        if ended := self.ended_grants.get(scope):
            how, how_zh = ("expired", "到期") if ended.reason == "expired" else ("was revoked", "被撤销")
            at = ended.ended_at.isoformat(timespec="seconds")
            raise Forbidden(
                f"The grant of the scope {scope} {how} at {at}.",
                detail_zh=f"权限 {scope} 的授权已于 {at} {how_zh}。",
                check=f"grant_{ended.reason}",
            )

    def must_be(self, *roles: str) -> None:
        """Refuse without one of the roles."""
        if not set(roles) & set(self.roles):
            raise Forbidden(
                f"This needs one of the roles: {', '.join(roles)}.",
                detail_zh=f"需要下列角色之一：{'、'.join(roles)}。",
                check="role",
            )


def require(scope: str) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency that gives the caller, or refuses: 401 without a valid token, 403 without the scope."""

    # Async as every dependency here: FastAPI takes a plain function to another thread, which costs more than it does.
    async def caller_with_scope(request: Request) -> Caller:
        caller = current_caller(request)
        caller.must_have(scope)
        return caller

    return caller_with_scope


def current_caller(request: Request) -> Caller:
    """The caller of this request, or the refusal that the middleware found."""
    found: Caller | Exception | None = getattr(request.state, "caller", None)
    if isinstance(found, Caller):
        return found
    raise found or Unauthorised("There is no access token.", detail_zh="缺少访问令牌。", check="token_missing")


def authenticate(headers: Mapping[str, str], identities: Identities, settings: Settings) -> Caller:
    """The caller that a request's headers (lower-case names) prove, or Unauthorised with the check that failed."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorised("There is no access token.", detail_zh="缺少访问令牌。", check="token_missing")
    claims = _claims(token.strip(), identities, settings)
    caller = _caller(claims, settings, thumbprint_of(headers.get("x-forwarded-client-cert", "")))
    _refuse_revoked(caller, claims, identities)
    return _without_ended_grants(caller, claims, identities)


def thumbprint_of(xfcc: str) -> str | None:
    """The `x5t#S256` (base64url of SHA-256 of the certificate) that Envoy vouches for; None without a certificate."""
    certificate = certificate_of(xfcc)
    return certificate.thumbprint if certificate else None


def _claims(token: str, identities: Identities, settings: Settings) -> dict[str, Any]:
    """What a token claims, once it is believed: found out once a token, for an agency's comes thousands of times.

    Whether it has expired or was revoked is asked each time.
    """
    keys = identities.keys
    try:
        known = identities.seen.get(token)
        if known is None:
            known = _believed(token, keys, settings)
            identities.remember(token, known)
        _CLOCK.validate_exp(known["exp"])
    except ExpiredTokenError as error:
        raise Unauthorised(
            "The access token has expired.", detail_zh="访问令牌已过期。", check="token_expired"
        ) from error
    except (JoseError, ValueError) as error:
        raise Unauthorised(
            "The access token is not valid.", detail_zh="访问令牌无效。", check="token_invalid"
        ) from error
    return known


def _believed(token: str, keys: KeySet, settings: Settings) -> dict[str, Any]:
    parsed = jwt.decode(token, keys, algorithms=["ES256"])
    _registry(settings).validate(parsed.claims)
    if str(parsed.header.get("typ", "")).lower() != "at+jwt":
        raise Unauthorised(
            "The token is not an access token (RFC 9068).",
            detail_zh="该令牌不是访问令牌（RFC 9068）。",
            check="token_invalid",
        )
    return dict(parsed.claims)


def _registry(settings: Settings) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        leeway=_LEEWAY_S,
        iss={"essential": True, "values": [settings.agency_issuer, settings.people_issuer]},
        aud={"essential": True, "value": settings.audience},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        jti={"essential": True},
    )


def _caller(claims: dict[str, Any], settings: Settings, thumbprint: str | None) -> Caller:
    is_agency = claims["iss"] == settings.agency_issuer
    if is_agency:
        _must_be_bound(claims, thumbprint)
    return Caller(
        kind="agency" if is_agency else "person",
        id=claims["sub"],
        name=claims.get("name", claims["sub"]),
        scopes=frozenset(claims.get("scope", "").split()),
        roles=tuple(claims.get("roles", ())),
        division=claims.get("division"),
        sig_jkt=claims.get("sig_jkt"),
        token_id=claims["jti"],
        thumbprint=thumbprint,
    )


def _must_be_bound(claims: dict[str, Any], thumbprint: str | None) -> None:
    if thumbprint is None:
        raise Unauthorised("There is no client certificate.", detail_zh="缺少客户端证书。", check="certificate_missing")
    if claims.get("cnf", {}).get("x5t#S256") != thumbprint:
        raise Unauthorised(
            "The token is bound to another certificate (RFC 8705).",
            detail_zh="令牌绑定的是另一张证书（RFC 8705）。",
            check="token_not_bound",
        )


def _refuse_revoked(caller: Caller, claims: dict[str, Any], identities: Identities) -> None:
    issued_at = datetime.fromtimestamp(claims["iat"], UTC)
    holder = "client" if caller.kind == "agency" else "person"
    if identities.is_revoked("token", caller.token_id, issued_at) or identities.is_revoked(
        holder, caller.id, issued_at
    ):
        raise Unauthorised(
            "The token or its holder has been revoked.", detail_zh="令牌或其持有者已被撤销。", check="token_revoked"
        )


def _without_ended_grants(caller: Caller, claims: dict[str, Any], identities: Identities) -> Caller:
    """The caller without the scopes of grants that ended since the token was issued."""
    ended = identities.ended_grants(caller.id) if caller.kind == "agency" else {}
    if not ended:
        return caller
    issued_at = datetime.fromtimestamp(claims["iat"], UTC)
    lost = {scope for scope, event in ended.items() if issued_at <= event.ended_at}
    return replace(caller, scopes=caller.scopes - lost, ended_grants=ended)
