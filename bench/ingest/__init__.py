"""Ingest from outside, through Envoy with mTLS: `python -m bench.ingest --records N --json`."""
