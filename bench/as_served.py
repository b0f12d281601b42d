"""Imported before anything that imports polars: what is measured in this process runs as a service's process does."""

import os

from local.environment import PROCESS

THREADS = PROCESS["POLARS_MAX_THREADS"]
os.environ["POLARS_MAX_THREADS"] = THREADS
