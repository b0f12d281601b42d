"""The public keys of receipts, kept in the home: what was verifiable once stays so, with the platform or without."""

import json
import ssl
from typing import Any

import httpx

from local import files
from local.layout import Home

PATH = "/.well-known/receipt-keys"


def remember(home: Home, answer: httpx.Response) -> None:
    """Add the keys of an answer to those that the home holds; none is ever dropped. Raises ValueError, OSError."""
    known = {key["kid"]: key for key in held(home)["keys"]}
    merged = {**{key["kid"]: key for key in answer.json()["keys"]}, **known}
    files.write(home.receipt_keys, json.dumps({"keys": list(merged.values())}, indent=2).encode())


def held(home: Home) -> dict[str, Any]:
    """The JWK set of the home; an empty one when nothing was kept yet."""
    if not home.receipt_keys.exists():
        return {"keys": []}
    found: dict[str, Any] = json.loads(home.receipt_keys.read_text())
    return found


def fetch(home: Home, people_url: str) -> None:
    """Fetch and keep them; a platform that does not answer is asked another time."""
    try:
        trust = ssl.create_default_context(cafile=str(home.pki.certificate("ca")))
        with httpx.Client(verify=trust, timeout=10, trust_env=False) as client:
            answer = client.get(people_url + PATH)
            if answer.is_success:
                remember(home, answer)
    except (httpx.HTTPError, ValueError, KeyError):
        return
