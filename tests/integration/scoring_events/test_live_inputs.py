# ruff: noqa: E501 - rows are read best on one line
"""What the live service reads for a model out of the database is what training reads of files, to the last bit."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import polars as pl
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from local import postgres as local_postgres
from services.scoring import folding
from services.scoring.inputs import input_table
from services.scoring.live import inputs_of
from services.scoring.live.gathering import gather_population
from services.scoring.population.packing import packed, unpacked
from services.scoring.store import outcomes as outcome_store
from services.scoring.store.facts import Batch
from shared.db import Session, copy_in, sql
from tests.conftest import SettingsOf
from tests.scoring_facts import a_receipt
from tests.scoring_models import an_empty_scoring
from tests.scoring_rows import not_taken_back, rows_of_any_dataset, rows_of_sites
from tests.scoring_worlds import AT, A, B, C, Rows, a_world, on, stored_versions

SLOW = settings(max_examples=24, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])  # fmt: skip
EMPLOYERS = (A, B, C)

_KEEP = """
copy scoring.fact (subject_kind, subject_id, dataset, key, source_time, reported_at, receipt_id, row_no, agency, body)
from stdin (format csv)
"""


@st.composite
def some_rows(draw: st.DrawFn) -> Rows:
    """Some records of three employers and their projects, corrected here and there, no two told at the same moment."""
    told: dict[str, list[dict[str, Any]]] = {}
    for place in range(draw(st.integers(2, 16))):
        dataset = draw(
            st.sampled_from(
                (
                    "pw_usage",
                    "tax_arrears",
                    "court_enforcement",
                    "samr_entity",
                    "hrss_insured_headcount",
                    "hc_project",
                    "hc_worker",
                    "hc_attendance",
                    "hc_payroll",
                    "bk_special_account",
                    "bk_account_flow",
                )
            )
        )
        who, other = draw(st.sampled_from(EMPLOYERS)), draw(st.sampled_from(EMPLOYERS))
        reported = AT - timedelta(days=draw(st.integers(0, 400)), minutes=place)
        told.setdefault(dataset, []).append(
            _row(dataset, who, other, f"{reported:%Y-%m}", draw(st.sampled_from((0.0, 0.1, 10.55, 999.99))))
            | {"reported_at": reported, "taken_back": draw(st.integers(0, 5)) == 0}
        )
    discovered = AT - timedelta(days=draw(st.integers(1, 500)))
    if draw(st.booleans()):
        told["own_past"] = [
            {
                "employer_id": B,
                "started_on": "2024-01-01",
                "discovered_on": f"{discovered:%Y-%m-%d}",
                "workers": 3,
                "amount": 1270.5,
                "reported_at": on(f"{discovered:%Y-%m-%d}", 0),
            }
        ]
    return told


def _row(dataset: str, who: str, other: str, month: str, amount: float) -> dict[str, Any]:
    project = f"j{who[-1]}"
    rows: dict[str, dict[str, Any]] = {
        "pw_usage": {"account_no": f"p{who}", "period": month, "uscc": who, "arrears": amount, "kwh": amount, "amount_due": 3.3},
        "tax_arrears": {"taxpayer_no": who, "uscc": who, "tax_kind": "增值税", "as_of": month, "balance": amount},
        "court_enforcement": {"case_no": f"c{who}{amount}", "party": "某公司", "uscc": who, "filed_at": f"{month}-01", "target": amount},
        "samr_entity": {"entity_id": f"e{who}", "uscc": who, "ent_name": who, "street": "330110005", "industry": "4710", "legal_rep": "王一" if other == A else "李二"},
        "hrss_insured_headcount": {"uscc": who, "period": month, "pension_payers": int(amount)},
        "hc_project": {"project_code": project, "gc_uscc": other, "gc_name": other, "state": "停工", "start_date": f"{month}-01"},
        "hc_worker": {"project_code": project, "id_no": f"w{who}{amount}", "corp_uscc": who, "entry_at": f"{month}-01T08:00:00", "exit_at": f"{month}-02T18:00:00" if amount > 1 else None, "has_contract": amount > 11},
        "hc_attendance": {"project_code": project, "id_no": f"w{who}{amount}", "punch_at": f"{month}-02T07:00:00"},
        "hc_payroll": {"payroll_no": f"w{who}{month}", "project_code": project, "corp_uscc": who if amount else None, "pay_month": month, "payable_total": 1000.0, "actual_total": amount},
        "bk_special_account": {"account_no": f"a{project}", "project_code": project, "gc_uscc": other, "opened_at": f"{month}-01"},
        "bk_account_flow": {"account_no": f"a{project}", "txn_id": f"{month}{amount}", "txn_at": f"{month}-02T10:00:00", "direction": "out", "purpose": "wage out", "amount": amount},
    }  # fmt: skip
    return rows[dataset]


async def _keep(session: Session, rows: Rows) -> None:
    """The rows as ingest would have told them, and whom they are about."""
    versions = stored_versions({code: told for code, told in rows.items() if code != "own_past"})
    times = [pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ") for name in ("source_time", "reported_at")]
    await copy_in(session, _KEEP, versions.with_columns(times))
    await sql(session, "insert into scoring.subject (subject_kind, subject_id) select distinct subject_kind, subject_id from scoring.fact")  # fmt: skip
    await _take_back(session, rows)
    await _fold(session, versions.filter(pl.col("dataset") == "hc_attendance"))
    for project in {f"j{who[-1]}" for who in EMPLOYERS}:
        await sql(session, "insert into scoring.link values (:project, 'account', :account) on conflict do nothing", project=project, account=f"a{project}")  # fmt: skip
    for row in rows.get("own_past", []):
        found = {
            "subject_kind": "employer",
            "subject_id": row["employer_id"],
            "key": "k",
            "matter": "alert",
            "matter_id": "1",
        }
        days = {"found_on": row["discovered_on"], "started_on": row["started_on"], "known_at": row["reported_at"]}
        await outcome_store.keep(session, found | days | {"finding": "confirmed", "selection": "alert", "workers": 3, "amount": row["amount"]})  # fmt: skip


async def _take_back(session: Session, rows: Rows) -> None:
    """Let those rows count no more that were taken back; no two were told at the same moment."""
    taken = "insert into scoring.withdrawn values (cast(:receipt as uuid), cast(:receipt as uuid), '{[1,2)}', :at)"
    for row in (row for told in rows.values() for row in told if row.get("taken_back")):
        await sql(session, taken, receipt=a_receipt(int(row["reported_at"].timestamp())), at=AT)


async def _fold(session: Session, punches: pl.DataFrame) -> None:
    """Punches as they are folded when they come, each by itself."""
    whose = pl.col("subject").alias("id")
    for place in range(punches.height):
        rows = punches[place].with_columns(whose, pl.lit(None, pl.String).alias("left"))
        batch = Batch(uuid4(), "project", "hc_attendance", "housing", uuid4(), rows["reported_at"][0], rows)
        await folding.fold_attendance(session, batch.dataset, rows["key"].to_list(), {("project", rows["id"][0])})
        await folding.count_attendance(session, batch)


_NOW, _THEN = AT - timedelta(days=30), AT - timedelta(days=200)
A_SITE_THAT_ANOTHER_TAKES_OVER: Rows = {
    "bk_special_account": [
        _row("bk_special_account", A, C, "2026-04", 1) | {"reported_at": _THEN},
        _row("bk_special_account", A, B, "2026-10", 1) | {"reported_at": _NOW},
    ],
    "bk_account_flow": [
        _row("bk_account_flow", A, C, "2026-05", 10.0) | {"reported_at": _THEN + timedelta(days=20)},
        _row("bk_account_flow", A, B, "2026-11", 20.0) | {"reported_at": _NOW + timedelta(days=20)},
    ],
}


A_SITE_OF_NOBODY: Rows = {"tr_project": [{"project_code": "j0", "gc_uscc": None, "reported_at": _NOW}]}


A_PUNCH = _row("hc_attendance", A, A, "2026-10", 1)
PUNCHES_BEFORE_AND_AFTER_ANOTHER_TOOK_THE_SITE_OVER_ON_THE_SAME_DAY: Rows = {
    "hc_project": [
        _row("hc_project", A, C, "2026-04", 1) | {"reported_at": _THEN},
        _row("hc_project", A, B, "2026-04", 1) | {"reported_at": _NOW},
        _row("hc_project", B, A, "2026-04", 1) | {"reported_at": _THEN + timedelta(minutes=1)},
    ],
    "hc_attendance": [
        _row("hc_attendance", B, A, "2026-10", 1) | {"reported_at": _NOW - timedelta(minutes=1)},
        A_PUNCH | {"reported_at": _NOW - timedelta(minutes=2), "id_no": "early"},
        A_PUNCH | {"reported_at": _NOW + timedelta(minutes=2), "id_no": "late"},
        A_PUNCH | {"reported_at": _NOW - timedelta(minutes=3), "id_no": "told again"},
        A_PUNCH | {"reported_at": _NOW + timedelta(minutes=3), "id_no": "told again"},
        A_PUNCH | {"reported_at": _NOW - timedelta(minutes=4), "id_no": "taken back"},
        A_PUNCH | {"reported_at": _NOW + timedelta(minutes=4), "id_no": "taken back", "taken_back": True},
    ],
}


@given(rows=st.one_of(some_rows(), rows_of_any_dataset(), rows_of_sites()))
@example(rows=A_SITE_THAT_ANOTHER_TAKES_OVER)
@example(rows=A_SITE_OF_NOBODY)
@example(rows=PUNCHES_BEFORE_AND_AFTER_ANOTHER_TOOK_THE_SITE_OVER_ON_THE_SAME_DAY)
@SLOW
async def test_inputs_from_the_database_are_those_from_files_for_all_and_for_one(
    postgres: local_postgres.Cluster, settings_of: SettingsOf, rows: Rows
) -> None:
    wanted = input_table(a_world(not_taken_back(rows)), AT, pl.Series("subject", list(EMPLOYERS)))
    async with an_empty_scoring(postgres, settings_of("scoring")) as session:
        await _keep(session, rows)
        population = unpacked(packed((await gather_population(session, AT))[0]))
        together = await inputs_of(session, EMPLOYERS, AT, population)
        # Of an account that nobody's project names the database knows nothing; of files it is known that it is nobody's.
        unheard = [name for name in wanted.columns if name not in together.columns]
        assert all(wanted[name].null_count() == len(EMPLOYERS) or name.endswith(".known") for name in unheard)
        wanted = wanted.drop(unheard)
        assert_frame_equal(together.select(wanted.columns), wanted, check_exact=True)
        for place, who in enumerate(EMPLOYERS):
            alone = await inputs_of(session, [who], AT, population)
            assert_frame_equal(alone.select(wanted.columns), wanted.slice(place, 1), check_exact=True)
