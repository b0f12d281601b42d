"""From an overdue order to a signed listing, on a real PostgreSQL; neighbours are played by events."""
