"""Secrets of a platform on one machine: made once, one folder per part, readable by their owner only."""

import base64
import os

from local.layout import Home
from local.pki import write_private


def ensure_data_key(home: Home, service: str) -> None:
    """The root of a service's data keys: 32 random bytes, base64. Losing it loses what it sealed; never made anew."""
    file = home.secrets / service / "anxin_data_key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(file, base64.b64encode(os.urandom(32)))
