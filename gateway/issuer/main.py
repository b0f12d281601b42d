"""The issuer as a service: settings, routes, and the key clockwork."""

from gateway.issuer.rotation import keep_keys
from gateway.issuer.routes import router
from gateway.issuer.settings import IssuerSettings
from shared.service import Service


def create_service() -> Service:
    """The token issuer, for agencies and people alike."""
    return Service(
        name="issuer",
        description="令牌签发：机构凭证书，人员凭登录。 Tokens for agencies by certificate, login for people.",
        routers=(router,),
        settings=IssuerSettings,
        background=(keep_keys,),
    )
