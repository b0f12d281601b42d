"""What ingest does, a verb a function."""

from services.ingest.usecases.proofs import Proof, receipt_keys, signed_receipt
from services.ingest.usecases.receipts import ERRORS_A_PAGE, Taken, errors_page, receipt, receipt_alone, told
from services.ingest.usecases.rows import Row, row
from services.ingest.usecases.submission import Submission, submit
from services.ingest.usecases.withdrawals import TakenBack, Wish, taken_back, withdraw

__all__ = [
    "ERRORS_A_PAGE",
    "Proof",
    "Row",
    "Submission",
    "Taken",
    "TakenBack",
    "Wish",
    "errors_page",
    "receipt",
    "receipt_alone",
    "receipt_keys",
    "row",
    "signed_receipt",
    "submit",
    "taken_back",
    "told",
    "withdraw",
]
