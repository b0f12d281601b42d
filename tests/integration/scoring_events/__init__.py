"""Facts in, scores out, on a real PostgreSQL: once each, whatever the order. Neighbours are played by events."""
