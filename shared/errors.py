"""Every refusal of the platform, as small classes that know their HTTP status.

    AnxinError 400
    ├── Unauthorised 401      who are you?         (names the check that failed)
    ├── Forbidden 403         you may not          (names the check that failed)
    ├── NotFound 404
    ├── Conflict 409          the thing is not in a state for this
    ├── TooLarge 413
    ├── UnsupportedMedia 415
    ├── Unprocessable 422     understood, and wrong (carries rows, items, reasons)
    ├── Overloaded 429 / 503  later                (carries Retry-After)
    └── Poison                a message that can never succeed: goes to the dead letters

A service's own errors live beside its rules and say the fact: `class AlertNotOpen(Conflict)`.
"""

from collections.abc import Sequence
from typing import Any, ClassVar


class AnxinError(Exception):
    """A refusal. `detail` is one English sentence; the Chinese title comes from the class."""

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "The request is wrong"
    title_zh: ClassVar[str] = "请求有误"

    def __init__(
        self,
        detail: str = "",
        *,
        check: str | None = None,
        errors: Sequence[dict[str, Any]] = (),
        retry_after: int | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.check = check
        self.errors = list(errors)
        self.retry_after = retry_after
        self.extra = extra


class Unauthorised(AnxinError):
    """The caller did not prove who it is."""

    status = 401
    slug = "unauthorised"
    title = "The caller is not authenticated"
    title_zh = "身份未通过验证"


class Forbidden(AnxinError):
    """The caller is known and may not do this."""

    status = 403
    slug = "forbidden"
    title = "The caller may not do this"
    title_zh = "无权进行此操作"


class NotFound(AnxinError):
    """Nothing of that name, or nothing the caller may see."""

    status = 404
    slug = "not-found"
    title = "Not found"
    title_zh = "未找到"


class Conflict(AnxinError):
    """The thing is in a state that does not allow this."""

    status = 409
    slug = "conflict"
    title = "The present state does not allow this"
    title_zh = "当前状态不允许此操作"


class TooLarge(AnxinError):
    """The body is larger than the limit."""

    status = 413
    slug = "too-large"
    title = "The body is too large"
    title_zh = "请求体过大"


class UnsupportedMedia(AnxinError):
    """The content type or encoding is not one we read."""

    status = 415
    slug = "unsupported-media-type"
    title = "The content type is not supported"
    title_zh = "不支持的内容类型"


class Unprocessable(AnxinError):
    """Understood, and wrong: `errors` names row, item and reason."""

    status = 422
    slug = "unprocessable"
    title = "The content is not acceptable"
    title_zh = "内容不符合要求"


class TooManyRequests(AnxinError):
    """This caller asks too much at once; `retry_after` seconds."""

    status = 429
    slug = "too-many-requests"
    title = "Too many requests"
    title_zh = "请求过于频繁"


class Overloaded(AnxinError):
    """The service has no room now; `retry_after` seconds."""

    status = 503
    slug = "overloaded"
    title = "The service has no room for this now"
    title_zh = "服务繁忙"


class Poison(AnxinError):
    """A message that can never succeed, however often it is tried."""

    slug = "poison"
    title = "The message can never succeed"
    title_zh = "消息无法处理"
