"""An agency's side of the front door: mutual TLS, a certificate-bound token, uploads that may be repeated safely."""

import hashlib
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception

from local import pki
from local.refusals import Denied, Unusable
from shared.retry_after import asked_wait

MEDIA_TYPES = {
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".arrows": "application/vnd.apache.arrow.stream",
    ".arrow": "application/vnd.apache.arrow.file",
    ".csv": "text/csv",
}
PACKINGS = {".gz": "gzip", ".zst": "zstd"}
TRY_AGAIN = {408, 425, 429, 502, 503, 504}
PATIENCE_S = 300.0
# Nobody listens there: rather a wrong address, or no platform, than one that starts again.
FIRST_PATIENCE_S = 15.0
LONGEST_PAUSE_S = 30.0
BLOCK = 64 * 1024
SPARE_S = 60.0
_NOTHING: Mapping[str, str] = MappingProxyType({})


class _Later(Exception):
    """An answer that asks to try again."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"HTTP {response.status_code}")
        self.response = response


@dataclass
class AgencyClient:
    """Speaks for one agency. `folder` holds client.crt, client.key and ca.crt, as `anxin agency add` writes them.

    `on_wait` hears once, and why, that an answer is waited for and asked for again.
    """

    url: str
    folder: Path
    patience_s: float = PATIENCE_S
    on_wait: Callable[[str], None] = lambda _reason: None
    _was_reached: bool = False
    _has_waited: bool = False
    _token: str = ""
    _token_ends: float = 0.0
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, verify=_identity(self.folder), timeout=60.0, trust_env=False)

    @property
    def client_id(self) -> str:
        return self.folder.name

    def close(self) -> None:
        self.http.close()

    def token(self) -> str:
        """An access token bound to our certificate, asked for again a minute before it ends."""
        if time.monotonic() > self._token_ends - SPARE_S:
            form = {"grant_type": "client_credentials", "client_id": self.client_id}
            answer = self._patiently(lambda: self.http.post("/oauth/token", data=form)).json()
            self._token, self._token_ends = answer["access_token"], time.monotonic() + float(answer["expires_in"])
        return self._token

    def get(self, path: str, **query: str) -> httpx.Response:
        """GET with the token. Raises Denied with the problem's own words."""
        return self._patiently(lambda: self.http.get(path, params=query, headers=self._bearer()))

    def submit(
        self,
        dataset: str,
        file: Path,
        on_sent: Callable[[int], None] = lambda _bytes: None,
        said: Mapping[str, str] = _NOTHING,
    ) -> httpx.Response:
        """Send a file of records. The same file gets the same receipt however often it is sent.

        `on_sent` hears how many bytes have left, also when they leave again. `said`: snapshot, as_of, month, corrects.
        """
        headers = {
            "Content-Type": media_type(file),
            "Content-Encoding": packing(file),
            "Content-Length": str(file.stat().st_size),
            "Idempotency-Key": idempotency_key(dataset, file, said),
        }

        def send() -> httpx.Response:
            return self.http.post(
                f"/v1/datasets/{dataset}/records",
                params=dict(said),
                content=_blocks(file, on_sent),
                headers={**headers, **self._bearer()},
                timeout=httpx.Timeout(60.0, read=300.0),
            )

        return self._patiently(send)

    def ask(
        self, method: str, path: str, headers: dict[str, str], content: bytes = b"", but: frozenset[int] = frozenset()
    ) -> httpx.Response:
        """A request with the token. Raises Denied, `but` for these statuses, whose answer is given back."""

        def send() -> httpx.Response:
            return self.http.request(method, path, content=content, headers={**headers, **self._bearer()})

        return self._patiently(send, but)

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token()}"}

    def _patiently(self, ask: Callable[[], httpx.Response], but: frozenset[int] = frozenset()) -> httpx.Response:
        def once() -> httpx.Response:
            answer = ask()
            self._was_reached = True
            if answer.status_code in TRY_AGAIN:
                raise _Later(answer)
            return answer

        trying = Retrying(
            retry=retry_if_exception(_may_pass),
            wait=_pause,
            stop=self._is_over,
            before_sleep=self._say_once,
            reraise=True,
        )
        try:
            answer = trying(once)
        except _Later as later:
            answer = later.response
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        if answer.is_error and answer.status_code not in but:
            raise refused(answer)
        return answer

    def _is_over(self, state: RetryCallState) -> bool:
        never_there = isinstance(_error_in(state), httpx.ConnectError) and not self._was_reached
        patience = min(self.patience_s, FIRST_PATIENCE_S) if never_there else self.patience_s
        return (state.seconds_since_start or 0.0) >= patience

    def _say_once(self, state: RetryCallState) -> None:
        if not self._has_waited:
            self._has_waited = True
            self.on_wait(str(_error_in(state)))

    def _unreachable(self, error: httpx.TransportError) -> Denied:
        if (distrust := _distrust(error)) is not None:
            trust, reason = self.folder / "ca.crt", distrust.verify_message
            return Denied(
                f"{self.url} 的证书不受 {trust} 信任：{reason}。",
                f"The certificate of {self.url} is not trusted by {trust}: {reason}.",
            )
        return Denied(f"无法连接 {self.url}：{error}。", f"{self.url} cannot be reached: {error}.")


def _error_in(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _may_pass(error: BaseException) -> bool:
    """Whether it may be otherwise in a while; what is no address, or a certificate we do not trust, stays so."""
    if isinstance(error, httpx.UnsupportedProtocol) or _distrust(error) is not None:
        return False
    return isinstance(error, (_Later, httpx.TransportError))


def _distrust(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """What the TLS library said of the other side's certificate, below the HTTP client's words."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


def _identity(folder: Path) -> ssl.SSLContext:
    """Whom we trust and who we are. Raises Unusable naming the file that is missing or broken."""
    for name in ("ca.crt", "client.crt", "client.key"):
        if not (folder / name).is_file():
            raise Unusable(f"没有文件 {folder / name}。", f"There is no file {folder / name}.")
    for name in ("ca.crt", "client.crt"):
        pki.read_certificate(folder / name)
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    try:
        context.load_cert_chain(folder / "client.crt", folder / "client.key")
    except ssl.SSLError as error:
        file = folder / "client.key"
        raise Unusable(
            f"{file} 已损坏，或不属于旁边的证书。", f"{file} is broken, or not of the certificate."
        ) from error
    return context


def _pause(state: RetryCallState) -> float:
    """What Retry-After asks for, else longer each time."""
    error = _error_in(state)
    told = error.response.headers.get("Retry-After") if isinstance(error, _Later) else None
    asked = asked_wait(told, datetime.now(UTC))
    if asked is not None:
        return min(asked.total_seconds(), LONGEST_PAUSE_S)
    return min(LONGEST_PAUSE_S, 0.5 * 2.0**state.attempt_number)


def refused(answer: httpx.Response) -> Denied:
    """A problem+json answer, or OAuth's error (RFC 6749, section 5.2), as one sentence; the failed check is in it."""
    problem = _problem(answer)
    check = f" [{problem['check']}]" if problem.get("check") else ""
    title = problem.get("title") or problem.get("error") or answer.reason_phrase
    detail = problem.get("detail") or problem.get("error_description")
    title_zh, detail_zh = problem.get("title_zh", title), problem.get("detail_zh")
    told_zh = f"{title_zh}：{detail_zh}" if detail_zh else title_zh
    number = f"HTTP {answer.status_code}"
    return Denied(f"{number}{check} {told_zh}", f"{title}: {detail}" if detail else str(title))


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def media_type(file: Path) -> str:
    """By the file's extension, below that of its packing: a.csv.gz is CSV. Raises Unusable for one we do not know."""
    bare = file.with_suffix("") if file.suffix.lower() in PACKINGS else file
    try:
        return MEDIA_TYPES[bare.suffix.lower()]
    except KeyError as error:
        known = " ".join(MEDIA_TYPES)
        raise Unusable(
            f"不支持 {file.name}，可用 {known}。", f"{file.name} is of no known kind; use {known}."
        ) from error


def packing(file: Path) -> str:
    """The content encoding, by the file's extension."""
    return PACKINGS.get(file.suffix.lower(), "identity")


def idempotency_key(dataset: str, file: Path, said: Mapping[str, str] = _NOTHING) -> str:
    """SHA-256 over the dataset, what is said of the file, when it was written, and its bytes: a repetition is known.

    The same bytes written anew are another file: an export may say again today what it said before yesterday's.
    """
    told = "".join(f"{name}={said[name]}\0" for name in sorted(said))
    digest = hashlib.sha256(f"{dataset}\0{file.stat().st_mtime_ns}\0{told}".encode())
    with file.open("rb") as content:
        while block := content.read(1024 * 1024):
            digest.update(block)
    return digest.hexdigest()


def _blocks(file: Path, on_sent: Callable[[int], None]) -> Iterator[bytes]:
    sent = 0
    with file.open("rb") as content:
        while block := content.read(BLOCK):
            yield block
            sent += len(block)
            on_sent(sent)
