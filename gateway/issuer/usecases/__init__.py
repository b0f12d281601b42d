"""What the issuer does, one module a kind of visitor. Each function reads, decides, saves, announces."""

from gateway.issuer.usecases.register import add_client, add_person, revoke_client, revoke_person

__all__ = ["add_client", "add_person", "revoke_client", "revoke_person"]
