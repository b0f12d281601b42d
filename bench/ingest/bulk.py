"""Files of 50,000 records on a few connections, as agencies send them at night."""

import ssl
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import httpx

from bench.ingest.platform import DATASET
from local.agency_client import AgencyClient
from tests.running import Running

CONNECTIONS = 3
_PATH = f"/v1/datasets/{DATASET}/records"


class Line:
    """A connection over which files are sent: through the front door, or straight to the service behind it."""

    def __init__(self, agency: AgencyClient, url: str, shown: tuple[Path, Path, Path], xfcc: str = "") -> None:
        """`shown`: our certificate, its key, and the authority that we trust."""
        certificate, key, authority = shown
        trust = ssl.create_default_context(cafile=str(authority))
        trust.load_cert_chain(certificate, key)
        self._agency = agency
        self._http = httpx.Client(base_url=url, verify=trust, timeout=300)
        self._own = {"x-forwarded-client-cert": xfcc} if xfcc else {}

    def send(self, body: bytes) -> int:
        """Send a file, later if so asked. Returns how many records were accepted."""
        headers = {"Authorization": f"Bearer {self._agency.token()}", "Content-Type": "text/csv", **self._own}
        while (answer := self._http.post(_PATH, content=body, headers=headers)).status_code in (429, 503):
            time.sleep(float(answer.headers["retry-after"]))
        return int(answer.raise_for_status().json()["accepted"])


def front_door(agency: AgencyClient) -> Line:
    """Through Envoy."""
    folder = agency.folder
    return Line(agency, agency.url, (folder / "client.crt", folder / "client.key", folder / "ca.crt"))


def straight(platform: Running, agency: AgencyClient, thumbprint: str) -> Line:
    """To the ingest service itself, with the certificate that Envoy would show."""
    pki = platform.home.pki
    url = f"https://localhost:{platform.ports.api('ingest')}"
    edge = (pki.certificate("edge"), pki.key("edge"), pki.certificate("mesh-ca"))
    return Line(agency, url, edge, xfcc=f"Hash={thumbprint}")


def kept(files: Iterable[bytes], folder: Path) -> list[Path]:
    """The files on the disk: to make them up must not take the time of those who take them in."""
    folder.mkdir()
    paths = []
    for number, body in enumerate(files):
        paths.append(folder / f"{number}.csv")
        paths[-1].write_bytes(body)
    return paths


def sent(files: Iterable[Path], line: Callable[[], Line], connections: int = CONNECTIONS) -> int:
    """Send all files, so many at once. Returns how many records were accepted."""
    waiting, turn = iter(files), Lock()

    def next_file() -> Path | None:
        with turn:
            return next(waiting, None)

    def work() -> int:
        mine = line()
        return sum(mine.send(path.read_bytes()) for path in iter(next_file, None))

    with ThreadPoolExecutor(connections) as pool:
        return sum(done.result() for done in [pool.submit(work) for _ in range(connections)])
