"""The issuer's addresses. OAuth errors answer as RFC 6749 says; everything else is problem+json."""

from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, cast
from urllib.parse import parse_qsl

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.routing import APIRoute

from gateway.issuer import metadata, pages, store, tokens
from gateway.issuer.rules.authorizations import Fault
from gateway.issuer.schemas.identity import JwksOut, LoginForm, OAuthErrorOut, RevocationForm, TokenForm, TokenOut
from gateway.issuer.settings import IssuerSettings
from gateway.issuer.usecases import authorize, clients, people, revocation
from gateway.issuer.usecases.authorize import LoginRefused, LoginRequest
from gateway.issuer.usecases.desk import Desk, Form, Side
from shared.certificates import certificate_of
from shared.crypto import Vault
from shared.db import DatabaseDep, SessionDep
from shared.errors import Forbidden, NotFound

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_ERRORS: dict[int | str, dict[str, Any]] = {400: {"model": OAuthErrorOut}, 401: {"model": OAuthErrorOut}}
_PAGE: dict[str, Any] = {"content": {"text/html": {}, "application/problem+json": {}}}
_LOGIN_ERRORS: dict[int | str, dict[str, Any]] = {code: {**error, **_PAGE} for code, error in _ERRORS.items()}
_LARGEST_FORM = 64 * 1024


class OAuthRoute(APIRoute):
    """A route whose OAuth2Error becomes the JSON that RFC 6749 section 5.2 wants."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except OAuth2Error as error:
                return oauth_error(error)

        return handle


router = APIRouter(route_class=OAuthRoute, tags=["identity"])


def oauth_error(error: OAuth2Error) -> JSONResponse:
    """RFC 6749 section 5.2."""
    headers = dict(_NO_STORE)
    if error.status_code == 401:
        headers["WWW-Authenticate"] = "TLS-Client-Certificate"
    return JSONResponse(dict(error.get_body()), error.status_code, headers)


async def desk_of(request: Request) -> Desk:
    """Who stands where. The gateway alone sets these headers, and only the gateway's certificate reaches us."""
    settings = cast(IssuerSettings, request.app.state.runtime.settings)
    side = request.headers.get("x-anxin-listener", "agencies")
    if side not in {"agencies", "people"}:
        raise NotFound("There is no such side.", detail_zh="没有该入口。")
    certificate = certificate_of(request.headers.get("x-forwarded-client-cert", ""))
    return Desk(cast(Side, side), settings, Vault.of(settings), datetime.now(UTC), certificate)


async def form_of(request: Request) -> Form:
    """The form's fields. One that comes twice is an error (RFC 6749 section 3.2), not a choice."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise InvalidRequestError("The body must be application/x-www-form-urlencoded.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise InvalidRequestError("The form is too large.")
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=50)
    except ValueError as error:
        raise InvalidRequestError("The form cannot be read.") from error
    if any("\x00" in value for _, value in fields) or len({name for name, _ in fields}) != len(fields):
        raise InvalidRequestError("A parameter is repeated or cannot be read.")
    return dict(fields)


DeskDep = Annotated[Desk, Depends(desk_of)]
FormDep = Annotated[Form, Depends(form_of)]


def _documented(form: type[Any]) -> dict[str, Any]:
    schema = form.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


@router.get("/.well-known/oauth-authorization-server")
async def authorization_server(desk: DeskDep) -> dict[str, Any]:
    """What this issuer supports (RFC 8414), on the side it was asked."""
    return metadata.agencies(desk.issuer) if desk.side == "agencies" else metadata.people(desk.issuer)


@router.get("/.well-known/openid-configuration")
async def openid_configuration(desk: DeskDep) -> dict[str, Any]:
    """OpenID Connect Discovery, on the people's side."""
    if desk.side != "people":
        raise NotFound("People log in on the other side.", detail_zh="人员请从另一入口登录。")
    return metadata.people(desk.issuer)


@router.get("/oauth/jwks")
async def jwks(session: SessionDep, response: Response) -> JwksOut:
    """The public keys that verify our tokens. May be kept for a minute."""
    response.headers["Cache-Control"] = "public, max-age=60"
    keys = await store.signing_keys(session)
    return JwksOut.model_validate(tokens.jwks(keys, datetime.now(UTC)))


@router.post(
    "/oauth/token",
    response_model=TokenOut,
    response_model_exclude_none=True,
    responses=_ERRORS,
    openapi_extra=_documented(TokenForm),
)
async def token(desk: DeskDep, form: FormDep, session: SessionDep) -> Response:
    """A token: for an agency by its certificate, for a person by a code or a refresh token."""
    if desk.side == "agencies":
        issued: tokens.Issued | OAuth2Error = await clients.issue_to_client(session, desk, form)
    else:
        issued = await people.issue_to_person(session, desk, form)
    if isinstance(issued, OAuth2Error):
        return oauth_error(issued)
    return JSONResponse(TokenOut(**asdict(issued)).model_dump(exclude_none=True), headers=_NO_STORE)


@router.post("/oauth/revoke", response_class=Response, responses=_ERRORS, openapi_extra=_documented(RevocationForm))
async def revoke(desk: DeskDep, form: FormDep, session: SessionDep) -> Response:
    """End a token (RFC 7009). Always 200 for a known client: what is unknown is as good as revoked."""
    if "token" not in form:
        raise InvalidRequestError("The parameter token is missing.")
    await revocation.revoke(session, desk, form)
    return Response(status_code=200, headers=_NO_STORE)


async def login_request(
    *,
    client_id: Annotated[str, Query(max_length=64)],
    redirect_uri: Annotated[str, Query(max_length=512)],
    response_type: Annotated[str, Query(max_length=32)] = "",
    scope: Annotated[str, Query(max_length=1024)] = "",
    state: Annotated[str, Query(max_length=512)] = "",
    nonce: Annotated[str, Query(max_length=256)] = "",
    code_challenge: Annotated[str, Query(max_length=128)] = "",
    code_challenge_method: Annotated[str, Query(max_length=16)] = "",
) -> LoginRequest:
    """The query of an authorization request (RFC 6749 section 4.1.1, RFC 7636)."""
    given = (client_id, redirect_uri, response_type, scope, state, nonce, code_challenge, code_challenge_method)
    return LoginRequest(*(value.replace("\x00", "") for value in given))


LoginRequestDep = Annotated[LoginRequest, Depends(login_request)]


def _people_only(desk: Desk) -> None:
    if desk.side != "people":
        raise NotFound("People log in on the other side.", detail_zh="人员请从另一入口登录。")


@router.get("/oauth/authorize", response_class=Response)
async def open_login(request: Request, asked: LoginRequestDep, desk: DeskDep, session: SessionDep) -> Response:
    """The login page, or the program's own address with what is wrong."""
    _people_only(desk)
    if fault := await authorize.examine(session, asked):
        return _back(desk, asked, fault)
    visitor = request.cookies.get(pages.COOKIE)
    return pages.login_page(desk.vault, visitor, asked.redirect_uri, login="", wait=0, failed=False)


@router.post("/oauth/authorize", response_class=Response, responses=_LOGIN_ERRORS, openapi_extra=_documented(LoginForm))
async def log_in(request: Request, asked: LoginRequestDep, form: FormDep, desk: DeskDep, db: DatabaseDep) -> Response:
    """Login and password in, back to the program with a code; or the page again."""
    _people_only(desk)
    async with db.transaction() as session:
        fault = await authorize.examine(session, asked)
    if fault:
        return _back(desk, asked, fault)
    visitor = request.cookies.get(pages.COOKIE)
    if not pages.is_own_form(desk.vault, visitor, form.get("csrf", "")):
        raise Forbidden(
            "The form is not from this page, or is too old. Open the login again.",
            detail_zh="表单不是来自本页面或已过期，请重新打开登录页。",
            check="csrf",
        )
    login = form.get("login", "")
    outcome = await authorize.log_in(db, desk, asked, login, form.get("password", ""))
    if isinstance(outcome, LoginRefused):
        return pages.login_page(
            desk.vault, visitor, asked.redirect_uri, login=login[:64], wait=outcome.wait, failed=True
        )
    return _back(desk, asked, outcome)


def _back(desk: Desk, asked: LoginRequest, outcome: str | Fault) -> RedirectResponse:
    """To the program's registered address, with who says so (RFC 9207)."""
    if isinstance(outcome, Fault):
        answer = [("error", outcome.error), ("error_description", outcome.description)]
    else:
        answer = [("code", outcome)]
    state = [("state", asked.state)] if asked.state else []
    where = add_params_to_uri(asked.redirect_uri, [*answer, *state, ("iss", desk.issuer)])
    return RedirectResponse(where, 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
