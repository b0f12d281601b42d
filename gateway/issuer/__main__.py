"""`python -m gateway.issuer`"""

from gateway.issuer.main import create_service
from shared.service import run

if __name__ == "__main__":
    run(create_service())
