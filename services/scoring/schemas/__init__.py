"""The public contract of the scoring service: what its routes take and give."""
