"""Every refusal the front door itself makes, as data: when it applies and what it says.

Order matters: the first that applies answers. A refusal names the check that failed, and nothing beyond it
(RFC 9457; `check` is ours).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """`check` goes to the client; `when` is a CEL expression over the refused request.

    retry_after: seconds, 0 for none. challenge: the WWW-Authenticate header (RFC 9110 asks for one with every 401).
    """

    check: str
    status: int
    title: str
    title_zh: str
    detail: str
    detail_zh: str
    when: str
    retry_after: int = 0
    challenge: str = ""

    @property
    def slug(self) -> str:
        return self.check.replace("_", "-")


def _certificate(check: str) -> str:
    return f"metadata.filter_metadata['anxin']['check'] == '{check}'"


def _token(reason: str) -> str:
    """Envoy's own word for what jwt_authn found, as it stands in the response code details."""
    return f"response.code_details == 'jwt_authn_access_denied{{{reason.replace(' ', '_')}}}'"


REFUSALS = (
    Refusal(
        check="certificate_missing",
        status=401,
        title="A client certificate is required.",
        title_zh="需要客户端证书。",
        detail="Connect with the certificate issued to your agency.",
        detail_zh="请使用签发给本部门的证书连接。",
        when=_certificate("certificate_missing"),
        challenge="TLS-Client-Certificate",
    ),
    Refusal(
        check="certificate_expired",
        status=401,
        title="The client certificate has expired.",
        title_zh="客户端证书已过期。",
        detail="Ask the platform's operators for a new certificate.",
        detail_zh="请向平台运维方申请新证书。",
        when=_certificate("certificate_expired"),
        challenge="TLS-Client-Certificate",
    ),
    Refusal(
        check="certificate_untrusted",
        status=401,
        title="The client certificate is not one of ours.",
        title_zh="客户端证书不受信任。",
        detail="The certificate was not issued for this platform.",
        detail_zh="该证书不是为本平台签发的。",
        when=_certificate("certificate_untrusted"),
        challenge="TLS-Client-Certificate",
    ),
    Refusal(
        check="token_missing",
        status=401,
        title="An access token is required.",
        title_zh="需要访问令牌。",
        detail="Send the header Authorization: Bearer <token>.",
        detail_zh="请带上请求头 Authorization: Bearer <令牌>。",
        when=_token("Jwt is missing"),
        challenge="Bearer",
    ),
    Refusal(
        check="token_expired",
        status=401,
        title="The access token has expired.",
        title_zh="访问令牌已过期。",
        detail="Ask the token endpoint for a new one.",
        detail_zh="请向令牌端点重新申请。",
        when=_token("Jwt is expired"),
        challenge='Bearer error="invalid_token"',
    ),
    # Without the issuer's keys no token can be judged; that is our failure, not the caller's.
    Refusal(
        check="upstream_unavailable",
        status=503,
        title="Tokens cannot be checked just now.",
        title_zh="暂时无法校验令牌。",
        detail="The issuer's keys are not available. Try again shortly.",
        detail_zh="签发方的密钥暂不可用，请稍后重试。",
        when=_token("Jwks remote fetch is failed"),
        retry_after=2,
    ),
    Refusal(
        check="token_invalid",
        status=401,
        title="The access token is not valid here.",
        title_zh="访问令牌无效。",
        detail="The token's signature, issuer, audience or form was refused.",
        detail_zh="令牌的签名、签发方、受众或格式未被接受。",
        when="response.code_details.startsWith('jwt_authn_access_denied')",
        challenge='Bearer error="invalid_token"',
    ),
    # Retry-After comes from the limiter, which knows when the next token falls due.
    Refusal(
        check="rate_limited",
        status=429,
        title="Too many requests.",
        title_zh="请求过于频繁。",
        detail="Wait as long as the Retry-After header says.",
        detail_zh="请按 Retry-After 响应头等待后重试。",
        when="response.code == 429",
    ),
    Refusal(
        check="body_too_large",
        status=413,
        title="The request body is too large.",
        title_zh="请求体过大。",
        detail="Send the records in several smaller requests.",
        detail_zh="请将数据分成多个较小的请求报送。",
        when="response.code == 413",
    ),
    Refusal(
        check="not_found",
        status=404,
        title="There is nothing at this address.",
        title_zh="没有找到所请求的资源。",
        detail="No service answers for this path and method on this side of the platform.",
        detail_zh="平台的这一入口没有服务处理该地址和方法。",
        when="response.code == 404",
    ),
    Refusal(
        check="request_timeout",
        status=408,
        title="The request took too long to arrive.",
        title_zh="请求接收超时。",
        detail="The request was not complete in time.",
        detail_zh="请求未在时限内传完。",
        when="response.code == 408",
    ),
    Refusal(
        check="overloaded",
        status=503,
        title="The platform is at its limit.",
        title_zh="平台繁忙，请稍后重试。",
        detail="Nothing was accepted. Try again after the time in Retry-After.",
        detail_zh="未接收任何内容，请按 Retry-After 等待后重试。",
        when="response.code_details.startsWith('overload') || response.code_details.endsWith('overflow}')",
        retry_after=5,
    ),
    Refusal(
        check="upstream_unavailable",
        status=503,
        title="The service behind this address is not available.",
        title_zh="后端服务暂时不可用。",
        detail="It may not have taken the request. Repeat it with the same Idempotency-Key.",
        detail_zh="请求可能未被接收，请以相同的 Idempotency-Key 重发。",
        when="response.code == 502 || response.code == 503",
        retry_after=2,
    ),
    Refusal(
        check="upstream_unavailable",
        status=504,
        title="The service behind this address did not answer in time.",
        title_zh="后端服务响应超时。",
        detail="It may have taken the request. Repeat it with the same Idempotency-Key.",
        detail_zh="请求可能已被接收，请以相同的 Idempotency-Key 重发。",
        when="response.code == 504",
        retry_after=2,
    ),
    Refusal(
        check="request_malformed",
        status=400,
        title="The request is not well-formed HTTP.",
        title_zh="请求格式不正确。",
        detail="The request line, a header or the path was refused.",
        detail_zh="请求行、请求头或路径未被接受。",
        when="response.code == 400",
    ),
    Refusal(
        check="request_malformed",
        status=431,
        title="The request's headers are too large.",
        title_zh="请求头过大。",
        detail="Send fewer or shorter headers.",
        detail_zh="请减少或缩短请求头。",
        when="response.code == 431",
    ),
)
