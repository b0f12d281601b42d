"""What ingest does, a verb a function."""

from services.ingest.usecases.receipts import ERRORS_A_PAGE, Taken, errors_page, receipt, told
from services.ingest.usecases.submission import Submission, submit

__all__ = ["ERRORS_A_PAGE", "Submission", "Taken", "errors_page", "receipt", "submit", "told"]
