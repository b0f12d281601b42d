"""A person's side of the front door: login by code + PKCE, and signatures with the officer's own key.

The client is Authlib's `OAuth2Client` (an httpx client) that sends the person's token.
"""

import json
import re
import secrets
import ssl
from urllib.parse import parse_qs, urlsplit

import httpx
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jws
from joserfc.jwk import ECKey

from local.layout import Home, Ports

CLI_CLIENT = "anxin-cli"
# A public client proves itself by PKCE; Authlib calls it so when only the client id is sent.
NO_CLIENT_PROOF = "none"
# Loopback redirect of a native application (RFC 8252, section 7.3); nothing listens there, the code is read off.
REDIRECT = "http://127.0.0.1:7777/callback"
_CSRF = re.compile(r'name="csrf"\s+value="([^"]+)"')
_TIMEOUT_S = 30.0


def person(home: Home, ports: Ports, login: str) -> OAuth2Client:
    """A person logged in by code + PKCE, with the password in `home/people/<login>/password`."""
    client = OAuth2Client(
        client_id=CLI_CLIENT,
        token_endpoint_auth_method=NO_CLIENT_PROOF,
        token_endpoint=f"{ports.people_url}/oauth/token",
        redirect_uri=REDIRECT,
        code_challenge_method="S256",
        scope="openid",
        base_url=ports.people_url,
        verify=_trust(home),
        timeout=_TIMEOUT_S,
    )
    verifier = secrets.token_urlsafe(48)
    url, state = client.create_authorization_url(f"{ports.people_url}/oauth/authorize", code_verifier=verifier)
    client.fetch_token(code=_code(home, url, login, state), code_verifier=verifier)
    return client


def sign(home: Home, login: str, document: bytes) -> str:
    """The document signed with the officer's own key: a compact JWS (ES256) whose header carries the public key."""
    key = ECKey.import_key(json.loads((home.path / "people" / login / "signing.jwk").read_text()))
    header = {"alg": "ES256", "jwk": dict(key.as_dict(private=False))}
    signed: str = jws.serialize_compact(header, document, key)
    return signed


def problem(answer: httpx.Response) -> str:
    """What a refusal said, in one line."""
    try:
        body = answer.json()
    except ValueError:
        return f"{answer.status_code} {answer.text[:200]}"
    return f"{answer.status_code} {body.get('title', '')}: {body.get('detail', body)} [{body.get('check', '')}]"


def _trust(home: Home) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(home.pki.certificate("ca")))


def _code(home: Home, url: str, login: str, state: str) -> str:
    password = (home.path / "people" / login / "password").read_text().strip()
    with httpx.Client(verify=_trust(home), timeout=_TIMEOUT_S) as browser:
        page = browser.get(url)
        csrf = _CSRF.search(page.text)
        if csrf is None:
            raise RuntimeError(f"no login form at {url}: {problem(page)}")
        answer = browser.post(url, data={"csrf": csrf.group(1), "login": login, "password": password})
    location: str = answer.headers.get("location", "")
    back = parse_qs(urlsplit(location).query)
    if back.get("state") != [state] or "code" not in back:
        raise RuntimeError(f"the login of {login} was refused: {problem(answer)}")
    return back["code"][0]
