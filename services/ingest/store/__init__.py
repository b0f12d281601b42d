"""Every SQL statement of ingest, by what it is about. Bulk statements take whole columns: one round trip a batch."""
