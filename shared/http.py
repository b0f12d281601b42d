"""HTTP as every service speaks it: problem+json (RFC 9457), request ids, the caller, health, metrics."""

import logging
import time
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DataError
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.auth import Caller, authenticate
from shared.db import UNREACHABLE, is_of_a_nul
from shared.errors import AnxinError, Overloaded, Unprocessable
from shared.invalid import said_in_chinese
from shared.sampling import as_left_out
from shared.telemetry import REQUEST_SECONDS, REQUESTS

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
_MOST_AT_ONCE = 512
_TITLES_ZH = {
    401: "身份未通过验证",
    403: "无权进行此操作",
    404: "未找到",
    405: "方法不允许",
    413: "请求体过大",
    422: "内容不符合要求",
}
_DETAILS_ZH = {404: "没有这个地址。", 405: "该地址不接受此方法，请见 Allow 响应头。"}


class Problem(BaseModel):
    """The body of every refusal (RFC 9457). `check` names the check that failed; `errors` the items.

    `request_id` is null only where the front door refused what was not even HTTP.
    """

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    title_zh: str
    status: int
    detail: str
    detail_zh: str | None = None
    instance: str
    request_id: str | None
    check: str | None = None
    errors: list[dict[str, Any]] | None = None


def new_app(title: str, description: str) -> FastAPI:
    """A FastAPI application with the platform's refusals, request ids, identity and measurements."""
    app = _Application(
        title=title,
        description=description,
        version="1.0.0",
        # A span a request: what it does inside is told by our own.
        telemetry={"operation_spans": False},
        responses={status: _problem_response(status) for status in (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)},
    )
    app.add_middleware(_Attendant)
    app.add_exception_handler(AnxinError, refused)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(DataError, _on_no_text)
    for absence in UNREACHABLE:
        app.add_exception_handler(absence, _on_absence)
    return app


def problem(request: Request, status: int, slug: str, title: str, title_zh: str, **more: Any) -> JSONResponse:
    """A refusal as problem+json. None values are left out."""
    body = {
        "type": f"urn:anxin:problem:{slug}",
        "title": title,
        "title_zh": title_zh,
        "status": status,
        "detail": more.pop("detail", title),
        "instance": request.url.path,
        "request_id": getattr(request.state, "request_id", ""),
        **{name: value for name, value in more.items() if value not in (None, "", [], ())},
    }
    return JSONResponse(body, status, media_type=PROBLEM_JSON)


def _problem_response(status: int) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/Problem"}
    return {"model": Problem, "description": f"Refused ({status})", "content": {PROBLEM_JSON: {"schema": reference}}}


class _Application(FastAPI):
    """FastAPI, whose telemetry never hears of a request that leaves no spans: under load that is nearly every one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.state.runtime.sampling.leaves_out():
            with as_left_out(scope):
                await Starlette.__call__(self, scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class _Attendant:
    """Gives each request an id and its caller, and measures it. Plain ASGI: a body is never copied on its way.

    Beyond `_MOST_AT_ONCE` requests it asks to come back later: what waits here would only pile up.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        request.state.request_id = _request_id(request.headers.get("x-request-id"))
        if self._inside >= _MOST_AT_ONCE:
            busy = await refused(
                request,
                Overloaded(
                    "Too many requests are being answered.", detail_zh="同时处理的请求过多，请稍后重试。", retry_after=1
                ),
            )
            await busy(scope, receive, send)
            return
        _recognise(request)
        status, has_begun, began = 500, False, time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status, has_begun
            if message["type"] == "http.response.start":
                status, has_begun = message["status"], True
                MutableHeaders(scope=message)["x-request-id"] = request.state.request_id
            await send(message)

        self._inside += 1
        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            # Answered here, within the request's trace: an error that left us would make the server drop the
            # connection, and with it whatever request of somebody else the gateway sends on it next.
            log.exception("request.crashed", extra={"request_id": request.state.request_id})
            if has_begun:
                raise
            await _crashed(request)(scope, receive, send_with_id)
        finally:
            self._inside -= 1
            _measure(request, status, time.perf_counter() - began)


def _measure(request: Request, status: int, seconds: float) -> None:
    route = getattr(request.scope.get("route"), "path", "unmatched")
    REQUESTS.labels(request.method, route, status).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)


def _request_id(given: str | None) -> str:
    try:
        return str(UUID(given))
    except (ValueError, TypeError):
        return str(uuid4())


def _recognise(request: Request) -> None:
    """Find out who calls; a refusal waits until a route asks for the caller."""
    runtime = request.app.state.runtime
    try:
        caller = authenticate(request.headers, runtime.identities, runtime.settings)
    except AnxinError as refusal:
        request.state.caller = refusal
        return
    request.state.caller = caller
    request.state.jurisdiction = caller.jurisdiction


def caller_of(request: Request) -> Caller | None:
    """The caller, if the request proved one."""
    found = getattr(request.state, "caller", None)
    return found if isinstance(found, Caller) else None


async def refused(request: Request, error: Exception) -> JSONResponse:
    """The answer to a refusal. A route that returns it, rather than raise, keeps what its transaction wrote."""
    assert isinstance(error, AnxinError)  # noqa: S101 - registered for this class only
    response = problem(
        request,
        error.status,
        error.slug,
        error.title,
        error.title_zh,
        detail=error.detail,
        check=error.check,
        errors=error.errors,
        **error.extra,
    )
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return response


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    errors = [
        {
            "item": ".".join(str(part) for part in found["loc"]),
            "code": found["type"],
            "message": found["msg"],
            "message_zh": said_in_chinese(found["type"]),
        }
        for found in error.errors()
    ]
    return problem(request, 422, "unprocessable", "The content is not acceptable", _TITLES_ZH[422], errors=errors)


async def _on_no_text(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DataError)  # noqa: S101 - registered for this class only
    if not is_of_a_nul(error):
        raise error
    return await refused(request, Unprocessable("A text holds the character NUL.", detail_zh="文本中含有 NUL 字符。"))


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    title_zh = _TITLES_ZH.get(error.status_code, "请求未被接受")
    slug = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "refused")
    told = {"detail": str(error.detail), "detail_zh": _DETAILS_ZH.get(error.status_code)}
    response = problem(request, error.status_code, slug, str(error.detail), title_zh, **told)
    response.headers.update(error.headers or {})
    return response


async def _on_absence(request: Request, error: Exception) -> JSONResponse:
    # The database is away, its pool is taken, or two transactions met: nothing was kept, and again will do.
    log.warning("request.undone", extra={"reason": repr(error), "route": request.url.path})
    return await refused(
        request,
        Overloaded("Nothing was kept. Please try again.", detail_zh="没有保存任何内容，请重试。", retry_after=2),
    )


def _crashed(request: Request) -> JSONResponse:
    # The traceback goes to the log; the caller learns only the request id.
    told = {
        "detail": "Something broke on our side. The request id leads us to it.",
        "detail_zh": "系统内部出错，凭请求编号（request_id）可以查到原因。",
    }
    return problem(request, 500, "internal", "Internal error", "系统内部错误", **told)
