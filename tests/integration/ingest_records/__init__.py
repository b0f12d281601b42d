"""Records handed in through the real application on a real PostgreSQL."""
