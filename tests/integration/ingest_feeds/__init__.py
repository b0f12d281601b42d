"""Feeds watched on the real PostgreSQL: counted, judged, announced."""
