"""The issuer as a service: settings, routes, what it hears, and its clockworks."""

from gateway.issuer.consumers import consumer
from gateway.issuer.lapse import end_grants
from gateway.issuer.letters_watch import count_letters
from gateway.issuer.rotation import keep_keys
from gateway.issuer.routes import dead_letters, grants, identity
from gateway.issuer.settings import IssuerSettings
from shared.service import Service


def create_service() -> Service:
    """The token issuer, for agencies and people alike."""
    return Service(
        name="issuer",
        description="令牌签发：机构凭证书，人员凭登录。 Tokens for agencies by certificate, login for people.",
        routers=(identity.router, grants.router, dead_letters.router),
        settings=IssuerSettings,
        consumers=consumer,
        background=(keep_keys, end_grants, count_letters),
    )
