"""The workers that take in large files once they have arrived whole."""

from services.ingest.importing.workers import take_in_imports

__all__ = ["take_in_imports"]
