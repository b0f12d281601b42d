"""Small rules beside the law of the list: credit codes, where a webhook may go, when it is tried again."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from shared.errors import Unprocessable
from shared.retry_after import LONGEST_WAIT

# GB 32100-2015: 31 characters (no I O S V Z), weights 3^(i-1) mod 31.
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))


class CreditCodeWrong(Unprocessable):
    """Not a unified social credit code: a typing error must never read as "not listed"."""

    slug = "credit-code-wrong"
    title = "This is not a unified social credit code"
    title_zh = "统一社会信用代码有误"


class WebhookRefused(Unprocessable):
    """An address that webhooks may not go to."""

    slug = "webhook-url-refused"
    title = "Webhooks may not go to this address"
    title_zh = "不允许推送到该地址"


def check_credit_code(code: str) -> str:
    """The code, upper case; CreditCodeWrong when a character or the check character is wrong (GB 32100-2015)."""
    code = code.upper()
    if len(code) != 18 or any(character not in _ALPHABET for character in code):
        raise CreditCodeWrong(
            f"{code[:18]} is not 18 characters of GB 32100-2015.",
            detail_zh=f"{code[:18]} 不是 GB 32100-2015 规定的 18 位代码。",
        )
    total = sum(_ALPHABET.index(character) * weight for character, weight in zip(code, _WEIGHTS, strict=False))
    if _ALPHABET.index(code[17]) != (31 - total % 31) % 31:
        raise CreditCodeWrong(f"The check character of {code} is wrong.", detail_zh=f"{code} 的校验码有误。")
    return code


def check_webhook_url(url: str, allowed_hosts: Sequence[str]) -> str:
    """The address if it is https, plain, and its host:port is on the list; an entry without a port means 443."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as error:
        raise WebhookRefused("The address cannot be read.", detail_zh="无法识别该地址。") from error
    if parts.scheme != "https" or parts.username or parts.password or parts.fragment or not parts.hostname:
        raise WebhookRefused(
            "The address has to be https, without user and fragment.",
            detail_zh="地址须为 https，且不得带用户名和片段。",
        )
    allowed = {entry.lower() if ":" in entry else f"{entry.lower()}:443" for entry in allowed_hosts}
    if f"{parts.hostname}:{port}" not in allowed:
        raise WebhookRefused(
            f"{parts.hostname}:{port} is not on the list of allowed receivers.",
            detail_zh=f"{parts.hostname}:{port} 不在允许的接收方名单中。",
        )
    return url


def next_wait(schedule: Sequence[float], attempts: int, asked: timedelta | None, jitter: float) -> timedelta | None:
    """How long to wait after `attempts` failed tries; None when the schedule has run out.

    `schedule` in seconds; `jitter` in [0, 1) stretches a wait by up to a tenth; Retry-After lengthens it, up to a day.
    """
    if attempts > len(schedule):
        return None
    planned = timedelta(seconds=schedule[attempts - 1] * (1 + jitter / 10))
    return max(planned, min(asked, LONGEST_WAIT)) if asked else planned
