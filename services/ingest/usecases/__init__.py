"""What ingest does, a verb a function."""

from services.ingest.usecases.full_lists import (
    Sender,
    Stated,
    complete,
    confirm,
    full_list,
    list_of,
    open_list,
    take_back_list,
)
from services.ingest.usecases.proofs import Proof, receipt_keys, signed_receipt
from services.ingest.usecases.receipts import ERRORS_A_PAGE, Taken, errors_page, receipt, receipt_alone, told
from services.ingest.usecases.rows import Row, row
from services.ingest.usecases.submission import Submission, submit
from services.ingest.usecases.timeline import SAID_NOTHING, Said
from services.ingest.usecases.together import Shared, submit_together
from services.ingest.usecases.withdrawals import TakenBack, Wish, taken_back, withdraw

__all__ = [
    "ERRORS_A_PAGE",
    "SAID_NOTHING",
    "Proof",
    "Row",
    "Said",
    "Sender",
    "Shared",
    "Stated",
    "Submission",
    "Taken",
    "TakenBack",
    "Wish",
    "complete",
    "confirm",
    "errors_page",
    "full_list",
    "list_of",
    "open_list",
    "receipt",
    "receipt_alone",
    "receipt_keys",
    "row",
    "signed_receipt",
    "submit",
    "submit_together",
    "take_back_list",
    "taken_back",
    "told",
    "withdraw",
]
