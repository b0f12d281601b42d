"""Every catalogue type by value, every check between items, and what must never happen."""
