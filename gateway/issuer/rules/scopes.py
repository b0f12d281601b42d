"""Which scopes a token carries: never more than was granted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.errors import Forbidden

IDENTITY_SCOPES = frozenset({"openid", "profile", "offline_access"})


class ScopeNotGranted(Forbidden):
    """Something was asked for that was never granted."""


def granted(requested: str, grants: Iterable[str]) -> tuple[str, ...]:
    """The scopes of the token, sorted. Without a request, everything granted; a request beyond it is refused whole."""
    allowed = frozenset(grants)
    wanted = frozenset(requested.split()) - IDENTITY_SCOPES
    if beyond := wanted - allowed:
        raise ScopeNotGranted(
            f"not granted: {' '.join(sorted(beyond))}",
            detail_zh=f"未获授权：{' '.join(sorted(beyond))}",
            check="scope_missing",
        )
    return tuple(sorted(wanted or allowed))


def of_roles(roles: Iterable[str], table: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Everything these roles may do. An unknown role may do nothing."""
    return frozenset(scope for role in roles for scope in table.get(role, ()))
