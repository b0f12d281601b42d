"""python -m services.scoring"""

from services.scoring.main import create_service
from shared.service import run

run(create_service())
