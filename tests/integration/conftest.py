"""Integration tests meet a real PostgreSQL and a real NATS (see tests/conftest.py); neighbours are played by events."""
