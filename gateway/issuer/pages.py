"""The login page: one HTML document without a single outside asset, and the headers that keep it so."""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.crypto import Vault

COOKIE = "__Host-anxin-login"
_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined
)


def login_page(
    vault: Vault, visitor: str | None, redirect_uri: str, *, login: str, wait: int, failed: bool
) -> HTMLResponse:
    """The form. 200 at first, 401 after a wrong password, 429 when there is a time to wait."""
    visitor = visitor or secrets.token_urlsafe(24)
    nonce = secrets.token_urlsafe(16)
    html = _PAGES.get_template("login.html.j2").render(
        csrf=csrf_token(vault, visitor), nonce=nonce, login=login, wait=wait, failed=failed
    )
    page = HTMLResponse(html, 429 if wait else 401 if failed else 200, _headers(nonce, redirect_uri))
    if wait:
        page.headers["Retry-After"] = str(wait)
    page.set_cookie(COOKIE, visitor, max_age=600, secure=True, httponly=True, samesite="lax", path="/")
    return page


def csrf_token(vault: Vault, visitor: str) -> str:
    """What the form must bring back with the visitor's cookie: nobody else can compute it."""
    return vault.pseudonym("login-form", visitor)


def is_own_form(vault: Vault, visitor: str | None, token: str) -> bool:
    """Whether the form was ours, and sent by the browser it was given to."""
    return visitor is not None and hmac.compare_digest(csrf_token(vault, visitor).encode(), token.encode())


def _headers(nonce: str, redirect_uri: str) -> dict[str, str]:
    target = urlsplit(redirect_uri)
    # Browsers hold the answer's redirect against form-action too, so the program's own address has to stand there.
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self' {target.scheme}://{target.netloc}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
