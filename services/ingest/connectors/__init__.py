"""Platforms that are asked for records, because they do not send any: page by page, from where we are."""

from services.ingest.connectors.pulling import pull_from_platforms

__all__ = ["pull_from_platforms"]
