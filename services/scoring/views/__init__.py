"""From what is stored to what is answered. Pure."""
