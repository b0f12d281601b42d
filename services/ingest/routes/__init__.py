"""HTTP in, HTTP out: the catalogue, handing in records, receipts."""
