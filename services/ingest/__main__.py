"""python -m services.ingest"""

from services.ingest.main import create_service
from shared.service import run

run(create_service())
