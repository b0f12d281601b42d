"""`python -m tests.pulling_worker URL FOLDER AGENCY LEASE_S`: a round at the platform, in a process to be killed.

The database is the one of the `ANXIN_*` variables.
"""

import asyncio
import sys
from pathlib import Path

from services.ingest.connectors.pulling import Puller
from services.ingest.connectors.remote import open_client
from services.ingest.settings import IngestSettings
from shared.db import Database
from tests.remote_platform import NAME, Remote, only_payrolls


async def main(url: str, folder: str, agency: str, lease_s: str) -> None:
    """The round, to its end."""
    settings = IngestSettings()
    db = Database(settings)
    async with open_client(Remote(url, Path(folder)).place()) as client:
        await Puller(NAME, agency, only_payrolls(), client, db, settings, float(lease_s)).round(0.5)
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
