"""The tus protocol as a client meets it: what is acknowledged is there; what is wrong, or another's, is refused."""

import base64
import hashlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from services.ingest.pieces import PIECE_BYTES
from tests.ingest_desk import Door, agency_headers, open_door, person_headers
from tests.ingest_imports import OFFSET_TYPE, TUS, Uploader, told


def checksum_of(content: bytes, algorithm: str = "sha256") -> str:
    digest = hashlib.new(algorithm, content, usedforsecurity=False).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


async def test_what_the_server_offers_is_told(door: Door, uploader: Uploader) -> None:
    answer = await door.client.options("/v1/datasets/tax_arrears/imports", headers=uploader.headers)
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,termination,checksum,expiration"
    assert answer.headers["tus-max-size"] == str(10 * 1024**3)
    assert "sha1" in answer.headers["tus-checksum-algorithm"]


async def test_an_upload_goes_on_where_it_has_arrived(uploader: Uploader) -> None:
    begun = await uploader.begin(10)
    place = begun.headers["location"]
    assert (begun.status_code, begun.headers["upload-offset"], begun.headers["tus-resumable"]) == (201, "0", "1.0.0")
    assert (await uploader.append(place, 0, b"01234")).headers["upload-offset"] == "5"
    asked = await uploader.offset(place)
    assert (asked.status_code, asked.headers["upload-offset"], asked.headers["upload-length"]) == (200, "5", "10")
    assert (asked.headers["cache-control"], asked.headers["upload-metadata"]) == (
        "no-store",
        told(filetype="application/x-ndjson"),
    )
    assert parsedate_to_datetime(asked.headers["upload-expires"]) > datetime.now(UTC)
    whole = await uploader.append(place, 5, b"56789")
    assert (whole.status_code, whole.headers["upload-offset"]) == (204, "10")
    assert "upload-expires" not in whole.headers
    assert (await uploader.progress(place))["state"] == "waiting"


async def test_bytes_that_do_not_follow_are_refused_with_the_place_where_to_go_on(uploader: Uploader) -> None:
    place = (await uploader.begin(10)).headers["location"]
    await uploader.append(place, 0, b"01234")
    for wrong in (0, 4, 6):
        answer = await uploader.append(place, wrong, b"x")
        assert (answer.status_code, answer.json()["offset"], answer.headers["tus-resumable"]) == (409, 5, "1.0.0")


async def test_a_file_does_not_become_longer_than_announced(uploader: Uploader) -> None:
    place = (await uploader.begin(5)).headers["location"]
    assert (await uploader.append(place, 0, b"012345")).status_code == 413
    assert (await uploader.offset(place)).headers["upload-offset"] == "0"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
async def test_bytes_that_do_not_fit_their_checksum_are_not_kept(uploader: Uploader, algorithm: str) -> None:
    place = (await uploader.begin(8)).headers["location"]
    wrong = await uploader.append(place, 0, b"0123", upload_checksum=checksum_of(b"9999", algorithm))
    assert (wrong.status_code, (await uploader.offset(place)).headers["upload-offset"]) == (460, "0")
    right = await uploader.append(place, 0, b"0123", upload_checksum=checksum_of(b"0123", algorithm))
    assert (right.status_code, right.headers["upload-offset"]) == (204, "4")
    unknown = await uploader.append(place, 4, b"4567", upload_checksum="crc32 AAAA")
    assert unknown.status_code == 400


async def test_somebody_elses_upload_is_not_found(door: Door, uploader: Uploader) -> None:
    place = (await uploader.begin(10)).headers["location"]
    other = Uploader(door, agency="another-bureau")
    assert (await other.offset(place)).status_code == 404
    assert (await other.append(place, 0, b"x")).status_code == 404
    assert (await door.client.get(place, headers=other.headers)).status_code == 404
    assert (await door.client.get(f"{place}/events", headers=other.headers)).status_code == 404
    assert (await door.client.delete(place, headers=other.headers)).status_code == 404
    assert (await uploader.offset(place)).headers["upload-offset"] == "0"


async def test_only_an_agency_that_may_send_the_dataset_begins_an_upload(door: Door, uploader: Uploader) -> None:
    place, given = "/v1/datasets/tax_arrears/imports", TUS | {"upload-length": "1"}
    other = agency_headers("tax-bureau", "ingest:ut_water")
    assert (await door.client.post(place, headers=given)).status_code == 401
    assert (await door.client.post(place, headers=given | other)).status_code == 403
    assert (await door.client.post(place, headers=given | person_headers("audit:read"))).status_code == 403
    begun = await uploader.begin(10)
    assert (await door.client.head(begun.headers["location"], headers=TUS | other)).status_code == 403


async def test_the_protocols_version_is_demanded_and_told(door: Door, uploader: Uploader) -> None:
    without = {name: value for name, value in uploader.headers.items() if name != "tus-resumable"}
    answer = await door.client.post("/v1/datasets/tax_arrears/imports", headers=without | {"upload-length": "1"})
    assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")


IMPORTS, NOBODYS = "/v1/datasets/tax_arrears/imports", "/v1/imports/01a21ddd-6482-762a-87cf-708aaae37c17"
OTHER_VERSION = {"tus-resumable": "0.2.2"}
LARGE = {"upload-length": str(10 * 1024**3 + 1), "upload-metadata": told(filetype="text/csv")}


@pytest.mark.parametrize(
    ("asked", "headers", "status"),
    [
        ("HEAD /v1/imports/no-uuid", {}, 422),
        ("PATCH /v1/imports/no-uuid", {}, 422),
        ("DELETE /v1/imports/no-uuid", {}, 422),
        ("POST /v1/imports/no-uuid", {}, 422),
        ("GET /v1/imports/no-uuid", {}, 422),
        (f"HEAD {NOBODYS}", {}, 404),
        (f"GET {NOBODYS}", {}, 404),
        (f"POST {NOBODYS}", {}, 404),
        (f"PATCH {NOBODYS}/other", {}, 404),
        (f"PUT {NOBODYS}", {}, 405),
        (f"PUT {IMPORTS}", {}, 405),
        (f"GET {IMPORTS}", {}, 405),
        ("POST /v1/datasets/none/imports", {}, 404),
        (f"POST {IMPORTS}", OTHER_VERSION, 412),
        (f"HEAD {NOBODYS}", OTHER_VERSION, 412),
        (f"POST {IMPORTS}", {"upload-length": "x"}, 400),
        (f"POST {IMPORTS}", {"authorization": "Bearer none"}, 401),
        (f"POST {IMPORTS}", LARGE, 413),
        (f"POST {IMPORTS}", {"upload-length": "1", "upload-metadata": told(filetype="application/pdf")}, 415),
        (f"POST {IMPORTS}?snapshot=half", {"upload-length": "1"}, 422),
        (f"OPTIONS {IMPORTS}", {}, 204),
    ],
)
async def test_whatever_is_answered_names_the_protocols_version(
    door: Door, uploader: Uploader, asked: str, headers: dict[str, str], status: int
) -> None:
    answer = await door.client.request(*asked.split(), headers=uploader.headers | headers)
    assert (answer.status_code, answer.headers.get_list("tus-resumable")) == (status, ["1.0.0"]), answer.text
    assert answer.headers.get("tus-version") == ("1.0.0" if status in (204, 412) else None)


async def test_what_is_gone_or_of_another_type_names_the_protocols_version(uploader: Uploader) -> None:
    place = (await uploader.begin(10)).headers["location"]
    wrong = await uploader.append(place, 0, b"x", content_type="text/csv")
    await uploader.door.client.delete(place, headers=uploader.headers)
    for answer, status in ((wrong, 415), (await uploader.append(place, 0, b"x"), 410)):
        assert (answer.status_code, answer.headers["tus-resumable"]) == (status, "1.0.0")


async def test_nothing_else_of_the_service_speaks_the_protocol(door: Door) -> None:
    for path in ("/v1/datasets", "/v1/datasets/tax_arrears", "/v1/importsx", "/v1/none"):
        assert "tus-resumable" not in (await door.get(path)).headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"upload-length": "x"}, 400),
        ({"upload-length": "-1"}, 400),
        ({"upload-defer-length": "1"}, 400),
        ({"upload-length": str(10 * 1024**3 + 1), "upload-metadata": told(filetype="text/csv")}, 413),
        ({"upload-length": "1", "upload-metadata": "filetype !"}, 400),
        ({"upload-length": "1", "upload-metadata": told(filetype="application/pdf")}, 415),
        ({"upload-length": "1", "upload-metadata": ""}, 415),
        ({"upload-length": "1", "upload-metadata": told(filetype="text/csv", encoding="br")}, 415),
    ],
)
async def test_an_upload_that_makes_no_sense_is_not_begun(
    door: Door, uploader: Uploader, headers: dict[str, str], status: int
) -> None:
    answer = await door.client.post("/v1/datasets/tax_arrears/imports", headers=uploader.headers | headers)
    assert answer.status_code == status, answer.text


async def test_a_body_of_another_type_is_refused(uploader: Uploader) -> None:
    place = (await uploader.begin(10)).headers["location"]
    assert (await uploader.append(place, 0, b"x", content_type="text/csv")).status_code == 415


async def test_the_same_key_leads_to_the_same_upload_of_the_same_agency_only(door: Door, uploader: Uploader) -> None:
    first = await uploader.begin(10, idempotency_key="night-1")
    await uploader.append(first.headers["location"], 0, b"0123")
    again = await uploader.begin(10, idempotency_key="night-1")
    assert (again.status_code, again.headers["location"]) == (201, first.headers["location"])
    assert again.headers["upload-offset"] == "4"
    assert (await uploader.begin(11, idempotency_key="night-1")).status_code == 422
    other = await Uploader(door, agency="another-bureau").begin(10, idempotency_key="night-1")
    assert other.headers["location"] != first.headers["location"]


async def test_a_withdrawn_upload_is_gone_with_its_bytes_and_frees_its_key(door: Door, uploader: Uploader) -> None:
    place = (await uploader.begin(10, idempotency_key="k")).headers["location"]
    await uploader.append(place, 0, b"0123")
    assert (await door.client.delete(place, headers=uploader.headers)).status_code == 204
    assert (await uploader.offset(place)).status_code == 410
    assert (await uploader.append(place, 4, b"4")).status_code == 410
    assert await door.rows("select count(*) from ingest.import_piece") == [(0,)]
    assert (await uploader.begin(10, idempotency_key="k")).headers["location"] != place


async def test_what_nobody_continues_expires_and_frees_its_room(door: Door, uploader: Uploader) -> None:
    place = (await uploader.begin(10)).headers["location"]
    await uploader.append(place, 0, b"0123")
    async with door.db.transaction() as session:
        await (await session.connection()).exec_driver_sql("update ingest.import set expires_at = now()")
    assert (await uploader.append(place, 4, b"4")).status_code == 410  # also before it is swept away
    await uploader.begin(1)  # a new one sweeps
    assert (await uploader.offset(place)).status_code == 410
    assert await door.rows("select count(*) from ingest.import_piece") == [(0,)]


async def test_an_agency_has_so_many_files_and_bytes_open_and_no_other_suffers(door: Door) -> None:
    async with open_door(
        door.app.state.desk.settings, max_open_imports=2, max_open_import_bytes=10_000, max_import_bytes=9000
    ) as strict:
        one, other = Uploader(strict, "busy-bureau"), Uploader(strict, "calm-bureau")
        assert (await one.begin(9000)).status_code == 201
        too_much = await one.begin(1001)
        assert (too_much.status_code, too_much.headers["retry-after"]) == (429, "60")
        assert (await one.begin(1000)).status_code == 201
        assert (await one.begin(0)).status_code == 429
        assert (await other.begin(9000)).status_code == 201
        assert (await other.begin(9001)).status_code == 413


async def test_pieces_are_sealed_and_cut(door: Door, uploader: Uploader) -> None:
    content = b'{"taxpayer":"secret-name"}\n' * (PIECE_BYTES // 20)
    await uploader.send(content)
    rows = await door.rows("select first_byte, bytes, content from ingest.import_piece order by first_byte")
    assert [row[0] for row in rows] == [0, PIECE_BYTES]
    assert sum(row[1] for row in rows) == len(content)
    assert all(b"secret-name" not in bytes(row[2]) for row in rows)


async def test_a_client_that_can_only_post_sends_and_withdraws(door: Door, uploader: Uploader) -> None:
    place = (await uploader.begin(10)).headers["location"]
    given = uploader.headers | {"content-type": OFFSET_TYPE, "upload-offset": "0"}
    sent = await door.client.post(place, content=b"0123", headers=given | {"x-http-method-override": "PATCH"})
    assert (sent.status_code, sent.headers["upload-offset"]) == (204, "4")
    withdrawn = await door.client.post(place, headers=uploader.headers | {"x-http-method-override": "DELETE"})
    assert withdrawn.status_code == 204
    assert (await uploader.offset(place)).status_code == 410
