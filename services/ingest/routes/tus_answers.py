"""Every answer of the upload endpoints names the protocol's version, whoever gives it: a route, or what refuses before.

https://tus.io/protocols/resumable-upload: Tus-Resumable stands in every response.
"""

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.ingest import tus

_UPLOADS = re.compile(r"/v1/(imports(/.*)?|datasets/[^/]+/imports/?)")


class TusAnswers:
    """Puts the version on what is answered there. Plain ASGI: a body is never copied on its way."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Tus-Resumable"] = tus.VERSION
                if message["status"] == tus.WrongVersion.status:
                    headers["Tus-Version"] = tus.VERSION
            await send(message)

        is_upload = scope["type"] == "http" and _UPLOADS.fullmatch(scope["path"])
        await self.app(scope, receive, send_with_version if is_upload else send)
