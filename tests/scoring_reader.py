"""Somebody who reads risks: an analyst with a token of our own key."""

import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from shared.ids import new_id
from shared.service import Runtime

KEY = ECKey.generate_key("P-256", auto_kid=True)


def a_reader(runtime: Runtime, division: str = "330110", **changes: Any) -> dict[str, str]:
    """The headers of an analyst of that division; `changes` are to the claims."""
    moment = int(time.time())
    claims = {
        "iss": runtime.settings.people_issuer,
        "aud": "anxin",
        "sub": "wang",
        "roles": ["analyst"],
        "division": division,
        "scope": "scores:read",
        "iat": moment - 5,
        "exp": moment + 300,
        "jti": str(new_id()),
    }
    token = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": KEY.kid}, claims | changes, KEY)
    return {"authorization": f"Bearer {token}"}
