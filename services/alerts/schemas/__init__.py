"""The public contract of the alerts service: what its routes take and give."""
