"""A person's side of the front door: login by code + PKCE (RFC 7636), and signatures with the officer's own key."""

import json
import re
import secrets
import ssl
from urllib.parse import parse_qs, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jws
from joserfc.jwk import ECKey

from local.layout import Home, Ports

CLI_CLIENT = "anxin-cli"
# Loopback redirect of a native application (RFC 8252, section 7.3); nothing listens there, the code is read off.
REDIRECT = "http://127.0.0.1:7777/callback"
_CSRF = re.compile(r'name="csrf"\s+value="([^"]+)"')
_TIMEOUT_S = 30.0


def person(home: Home, ports: Ports, login: str) -> httpx.Client:
    """A client that carries the person's access token; the password is in `home/people/<login>/password`."""
    trust = ssl.create_default_context(cafile=str(home.pki.certificate("ca")))
    client = httpx.Client(base_url=ports.people_url, verify=trust, timeout=_TIMEOUT_S, trust_env=False)
    verifier = secrets.token_urlsafe(48)
    proof = {"redirect_uri": REDIRECT, "client_id": CLI_CLIENT, "code_verifier": verifier}
    form = {"grant_type": "authorization_code", "code": _code(client, home, login, verifier), **proof}
    answer = client.post("/oauth/token", data=form)
    if answer.is_error:
        raise RuntimeError(f"no token for {login}: {problem(answer)}")
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
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


def _code(client: httpx.Client, home: Home, login: str, verifier: str) -> str:
    """Log in at the page that a browser would show, and read the code off the redirect."""
    asked = {
        "response_type": "code",
        "client_id": CLI_CLIENT,
        "redirect_uri": REDIRECT,
        "code_challenge": str(create_s256_code_challenge(verifier)),
        "code_challenge_method": "S256",
        "state": secrets.token_urlsafe(16),
    }
    page = client.get("/oauth/authorize", params=asked)
    csrf = _CSRF.search(page.text)
    if csrf is None:
        raise RuntimeError(f"no login form: {problem(page)}")
    password = (home.path / "people" / login / "password").read_text().strip()
    form = {"csrf": csrf.group(1), "login": login, "password": password}
    answer = client.post("/oauth/authorize", params=asked, data=form)
    location: str = answer.headers.get("location", "")
    back = parse_qs(urlsplit(location).query)
    if back.get("state") != [asked["state"]] or "code" not in back:
        raise RuntimeError(f"the login of {login} was refused: {problem(answer)}")
    return back["code"][0]
