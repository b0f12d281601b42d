"""`python -m services.alerts`."""

from services.alerts.main import create_service
from shared.service import run

run(create_service())
