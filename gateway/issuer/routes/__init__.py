"""HTTP in, HTTP out: who somebody is, and what an agency may have."""
