"""What is told about feeds is exactly what came, to those who may know it."""

from datetime import UTC, datetime

import httpx
import pytest
from prometheus_client import generate_latest

from tests.ingest_desk import agency_headers, person_headers
from tests.ingest_watch import TUESDAY, Watched, lost_records, tax_records


async def test_counts_rates_and_completeness_are_those_of_the_records(watched: Watched) -> None:
    good, wrong, lost = tax_records(6), tax_records(2, 20, balance="x"), lost_records(2, 40)
    for record in good[:3]:
        record["authority"] = "余杭区税务局"
    await watched.send([*good, *wrong, *lost])
    watched.move(minutes=1)
    await watched.send(good)
    await watched.tick()
    feed = await watched.feed()
    assert {name: feed["recent"][name] for name in ("submissions", "received", "accepted", "unchanged")} == {
        "submissions": 2,
        "received": 16,
        "accepted": 6,
        "unchanged": 6,
    }
    assert (feed["recent"]["rejected"], feed["recent"]["unmatched"]) == (2, 2)
    assert feed["rates"] == {
        "error_rate": 0.125,
        "unmatched_rate": 0.125,
        "unchanged_rate": 0.375,
        "superseded_rate": 0.0,
    }
    (history,) = (await watched.read(f"/v1/quality/tax_arrears?agency={watched.agency}"))["feeds"]
    (day,) = history["days"]
    items = {item["item"]: item for item in day["items"]}
    assert day["measured_rows"] == 14
    assert items["taxpayer"]["completeness"] == 1.0
    assert items["authority"]["completeness"] == pytest.approx(6 / 14)
    assert items["balance"]["faults"] == {"number_format": 2}
    assert items["tax_kind"]["shares"] == {"增值税": 1.0}
    # Personal: whether it is there is told, what it says is not.
    assert (items["principal"]["completeness"], items["principal"]["shares"]) == (1.0, None)


async def test_superseded_rows_are_told(watched: Watched) -> None:
    await watched.send(tax_records(4, stat_at="2026-11-20T08:00:00+08:00"))
    watched.move(hours=1)
    await watched.send(tax_records(4, stat_at="2026-11-02T08:00:00+08:00", authority="x"))
    await watched.tick()
    assert (await watched.feed())["rates"]["superseded_rate"] == 0.5


async def test_a_day_is_chinas_and_the_newest_stands_first(watched: Watched) -> None:
    watched.move_to(datetime(2026, 11, 24, 15, 59, tzinfo=UTC))
    await watched.send(tax_records(1))
    watched.move_to(datetime(2026, 11, 24, 16, 1, tzinfo=UTC))
    await watched.send(tax_records(2, begin=5))
    await watched.tick()
    (history,) = (await watched.read(f"/v1/quality/tax_arrears?agency={watched.agency}"))["feeds"]
    told = [(day["day"], day["counts"]["received"]) for day in history["days"]]
    assert told == [("2026-11-25", 2), ("2026-11-24", 1)]


async def test_an_agency_sees_its_own_feeds_and_what_it_may_send_and_nothing_else(watched: Watched) -> None:
    await watched.send(tax_records(1))
    await watched.tick()
    told = (await watched.own("/v1/quality?agency=somebody-else"))["feeds"]
    assert [(each["agency"], each["dataset"], each["state"]) for each in told] == [
        (watched.agency, "tax_arrears", "on_time"),
        (watched.agency, "tax_status", "never"),
    ]
    table = await watched.own("/v1/exchange/statistics")
    assert {line["agency"] for line in table["feeds"]} == {watched.agency}


async def test_filters_leave_what_was_asked_for(watched: Watched) -> None:
    await watched.send(tax_records(1))
    await watched.tick()
    everything = await watched.read("/v1/quality")
    known = (await watched.own("/v1/datasets"))["datasets"]
    assert {each["dataset"] for each in everything["feeds"]} == {each["dataset"] for each in known}
    assert sum(everything["states"].values()) == len(everything["feeds"])
    taxes = (await watched.read("/v1/quality?department=TAX"))["feeds"]
    assert {each["department"] for each in taxes} == {"TAX"}
    never = (await watched.read("/v1/quality?state=never&department=TRANSPORT"))["feeds"]
    assert [(each["dataset"], each["agency"], each["expected_at"]) for each in never] == [("tr_project", None, None)]


@pytest.mark.parametrize("path", ["/v1/quality", "/v1/quality/tax_arrears", "/v1/exchange/statistics"])
async def test_a_person_needs_the_scope(watched: Watched, path: str) -> None:
    answer = await watched.door.client.get(path, headers=person_headers("alerts:read"))
    assert (answer.status_code, answer.json()["check"]) == (403, "scope_missing")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/quality/horoscope", 404),
        ("/v1/quality?state=splendid", 422),
        ("/v1/quality?agency=%00", 422),
        ("/v1/quality?dataset=%00", 422),
        ("/v1/quality?department=%00", 200),
        ("/v1/quality/tax_arrears?agency=%00", 422),
        ("/v1/quality/%00", 404),
        ("/v1/exchange/statistics?from=2026-11-24&to=2026-11-23", 422),
        ("/v1/exchange/statistics?from=2020-01-01&to=2026-11-23", 422),
        ("/v1/quality/tax_arrears?from=0001-01-01", 200),
        ("/v1/exchange/statistics?to=0001-01-03", 422),
        ("/v1/exchange/statistics?from=9999-12-31", 422),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(watched: Watched, path: str, status: int) -> None:
    answer: httpx.Response = await watched.door.client.get(path, headers=person_headers("quality:read"))
    assert answer.status_code == status, answer.text


async def test_the_state_is_that_of_now_even_before_the_watch_has_looked(watched: Watched) -> None:
    await watched.send(tax_records(1))
    await watched.tick()
    watched.move(days=100)
    feed = await watched.feed()
    assert (feed["state"], feed["problems"][0]["code"]) == ("silent", "silent")


async def test_prometheus_is_told_of_records_by_outcome_of_age_and_of_state(watched: Watched) -> None:
    await watched.send([*tax_records(2), *tax_records(1, 9, balance="x")])
    await watched.tick()
    await watched.tick()
    watched.move(hours=2)
    await watched.tick()
    labels = f'agency="{watched.agency}",dataset="tax_arrears"'
    told = generate_latest().decode()
    assert f'anxin_ingest_records_total{{{labels},outcome="accepted"}} 2.0' in told
    assert f'anxin_ingest_records_total{{{labels},outcome="rejected"}} 1.0' in told
    assert f'anxin_ingest_feed_state{{{labels},state="on_time"}} 1.0' in told
    (age,) = [line for line in told.splitlines() if line.startswith(f"anxin_ingest_feed_age_seconds{{{labels}}}")]
    assert 7200 <= float(age.split()[-1]) < 7260


async def test_a_burst_of_small_submissions_leaves_few_samples(watched: Watched) -> None:
    for number in range(6):
        await watched.send(tax_records(1, begin=number))
    held = await watched.door.rows(
        "select count(*) from ingest.feed_sample where agency = :agency", agency=watched.agency
    )
    assert held == [(1,)]
    await watched.tick()
    assert (await watched.feed())["recent"]["received"] == 6


async def test_an_agencys_token_does_not_read_another_agencys_history(watched: Watched) -> None:
    await watched.send(tax_records(1))
    await watched.tick()
    answer = await watched.door.client.get(
        f"/v1/quality/tax_arrears?agency={watched.agency}", headers=agency_headers("somebody", "ingest:tax_arrears")
    )
    assert [each["agency"] for each in answer.json()["feeds"]] == ["somebody"]
    assert answer.json()["feeds"][0]["state"] == "never"
    assert TUESDAY.isoformat() not in answer.text
