"""Webhooks over real TLS to a real receiver, verified by the standardwebhooks library; the bus as others hear it."""
