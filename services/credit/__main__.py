"""python -m services.credit"""

from services.credit.main import create_service
from shared.service import run

run(create_service())
