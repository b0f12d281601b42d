"""A signed beginning of an upload speaks of the whole file: what arrives is that file, or it is refused."""

import gzip
import hashlib
from typing import Any

import httpx
import pytest

from services.ingest.routes.signing import CERTIFICATE
from tests.ingest_desk import Door, a_tax_record, counts
from tests.ingest_imports import TUS, Uploader, lines, told
from tests.ingest_truth import forget
from tests.signed_requests import Signer, sha256_digest, signer
from tests.unit.test_shared_auth import claims, headers

PATH = "/v1/datasets/tax_arrears/imports"
URL = f"https://localhost:8443{PATH}"
COVERED = ("@method", "@target-uri", "repr-digest", "upload-length", "upload-metadata")
OURS = signer()
FILE = lines(a_tax_record(1), a_tax_record(2))


def beginning(file: bytes = FILE, name: str = "a.ndjson") -> dict[str, str]:
    return {
        "upload-length": str(len(file)),
        "upload-metadata": told(filename=name),
        "repr-digest": sha256_digest(file),
    }


async def begin(door: Door, given: dict[str, str], who: Signer = OURS) -> httpx.Response:
    token = claims(scope="ingest:tax_arrears", cnf={"x5t#S256": who.keyid})
    connection = headers(token, xfcc=f'Hash={who.digest};Subject="CN=tax-bureau"')
    return await door.client.post(PATH, headers={**given, **TUS, **connection, CERTIFICATE: who.pem})


async def whole(uploader: Uploader, begun: httpx.Response, file: bytes) -> str:
    assert begun.status_code == 201, begun.text
    place = str(begun.headers["location"])
    assert (await uploader.append(place, 0, file)).status_code == 204
    return place


async def evidence(door: Door, receipt: str) -> list[tuple[Any, ...]]:
    return await door.rows(
        "select keyid, algorithm, encode(sent_sha256, 'hex'), base from ingest.sender_signature where receipt_id = :r",
        r=receipt,
    )


async def test_the_signature_counts_when_the_file_is_whole_and_is_kept(door: Door, uploader: Uploader) -> None:
    begun = await begin(door, OURS.signed_as_given(URL, beginning(), covered=COVERED))
    place = await whole(uploader, begun, FILE)
    assert await evidence(door, place.rsplit("/", 1)[1]) == []
    receipt = await uploader.receipt(place)
    assert (counts(receipt)[0], receipt["signed"]) == (2, True)
    ((keyid, algorithm, sent, base),) = await evidence(door, receipt["receipt_id"])
    assert (keyid, algorithm, sent) == (OURS.keyid, "ecdsa-p256-sha256", receipt["sha256"])
    assert f'"repr-digest": {sha256_digest(FILE)}\n' in base


async def test_of_a_packed_file_the_bytes_as_sent_are_what_was_signed(door: Door, uploader: Uploader) -> None:
    packed = gzip.compress(FILE)
    begun = await begin(door, OURS.signed_as_given(URL, beginning(packed, "a.ndjson.gz"), covered=COVERED))
    receipt = await uploader.receipt(await whole(uploader, begun, packed))
    ((_, _, sent, _),) = await evidence(door, receipt["receipt_id"])
    assert (receipt["signed"], sent) == (True, hashlib.sha256(packed).hexdigest())
    assert receipt["sha256"] == hashlib.sha256(FILE).hexdigest()


@pytest.mark.parametrize("is_signed", [True, False])
async def test_another_file_than_the_one_announced_is_refused_whole_and_proves_nothing(
    door: Door, uploader: Uploader, is_signed: bool
) -> None:
    given = beginning()
    begun = await begin(door, OURS.signed_as_given(URL, given, covered=COVERED) if is_signed else given)
    other = FILE.replace(b"T2", b"T3")
    place = await whole(uploader, begun, other)
    receipt = await uploader.receipt(place)
    assert (counts(receipt), receipt["signed"]) == ((0, 0, 0, 0, 0), False)
    progress = await uploader.progress(place)
    assert (progress["state"], progress["problem"]["check"]) == ("refused", "repr_digest")
    assert await evidence(door, receipt["receipt_id"]) == []
    assert await door.rows("select count(*) from ingest.head") == [(0,)]


async def test_a_beginning_whose_signature_does_not_hold_is_refused_before_a_byte_has_come(door: Door) -> None:
    given = OURS.signed_as_given(URL, beginning(), covered=COVERED)
    without = OURS.signed_as_given(URL, beginning(), covered=("@method", "@target-uri", "upload-length"))
    undigested = {name: value for name, value in given.items() if name != "repr-digest"}
    refused = [
        (given | {"upload-length": "9999"}, 401, "signature_invalid"),
        (given | {"repr-digest": sha256_digest(b"x")}, 401, "signature_invalid"),
        (without, 401, "signature_coverage"),
        (undigested, 401, "signature_coverage"),
        (given | {"repr-digest": "md5=:AAAA:"}, 400, "repr_digest"),
        (given | {"content-digest": sha256_digest(FILE)}, 400, "content_digest"),
    ]
    for changed, status, check in refused:
        answer = await begin(door, changed)
        assert (answer.status_code, answer.json()["check"]) == (status, check)
    stranger = signer()
    answer = await begin(door, stranger.signed_as_given(URL, beginning(), covered=COVERED, keyid=OURS.keyid))
    assert (answer.status_code, answer.json()["check"]) == (401, "signature_invalid")
    assert await door.rows("select count(*) from ingest.import") == [(0,)]


async def test_the_same_beginning_signed_again_leads_to_the_same_import(door: Door, uploader: Uploader) -> None:
    given = beginning() | {"idempotency-key": "signed-again"}
    first = await begin(door, OURS.signed_as_given(URL, given, covered=COVERED))
    again = await begin(door, OURS.signed_as_given(URL, given, covered=COVERED))
    assert first.headers["location"] == again.headers["location"]
    receipt = await uploader.receipt(await whole(uploader, again, FILE))
    assert len(await evidence(door, receipt["receipt_id"])) == 1


async def test_a_signed_full_list_is_signed_with_what_is_said_of_it(door: Door, uploader: Uploader) -> None:
    query = "?snapshot=full&as_of=2026-11-10T00:00:00Z&month=2026-10"
    given = OURS.signed_as_given(URL + query, beginning(), covered=COVERED)
    token = claims(scope="ingest:tax_arrears", cnf={"x5t#S256": OURS.keyid})
    connection = headers(token, xfcc=f'Hash={OURS.digest};Subject="CN=tax-bureau"')
    sent = {**given, **TUS, **connection, CERTIFICATE: OURS.pem}
    assert (await door.client.post(PATH + query.replace("11-10", "11-11"), headers=sent)).status_code == 401
    begun = await door.client.post(PATH + query, headers=sent)
    receipt = await uploader.receipt(await whole(uploader, begun, FILE))
    await forget(door)  # a full list that stays in force would settle what other tests send
    assert receipt["signed"]
