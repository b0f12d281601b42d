"""How fast wages are worked out: `python -m bench.wages --json` (713 projects, 120 workers, 12 months by default).

A temporary PostgreSQL (durable, as it ships), one process. Three measures: attendance folded as it arrives, the months
of every project worked out from stored facts, and one project's months as a person asks for them. It ends by counting:
every payment is there once.
"""

import argparse
import asyncio
import json
import resource
import sys
import time
from collections.abc import Sequence
from decimal import Decimal
from statistics import quantiles
from typing import Any

from bench.database import database
from services.scoring import folding, wage_reads
from services.scoring.rulebook import shipped
from shared.clock import now, today
from shared.db import Database, Session, sql
from shared.settings import Settings

PROJECTS_AT_ONCE = 25
PUNCHES_A_BATCH = 2000  # as many as a message of ingest carries
SINGLE_LOOKS = 30
PAID = Decimal("7500.00")

# ruff: noqa: S608 - the statements are put together from texts of our own
_WHO = """
    cross join generate_series(1, :workers) as w
    cross join generate_series(2, :months + 1) as back
    cross join lateral (
        select (date_trunc('month', cast(:today as date)) - make_interval(months => back))::date
    ) of (day)
"""
_ORIGIN = "now(), '01900000-0000-7000-8000-000000000000'::uuid, row_number() over (), 'bench', now()"
_FACTS = "insert into scoring.fact (subject_kind, subject_id, dataset, key, source_time, receipt_id, row_no, agency, "
_FACTS += "reported_at, body) "
_STATEMENTS = {
    "projects": """insert into scoring.subject (subject_id, subject_kind, division)
        select 'p' || p, 'project', '330110005' from generate_series(1, :projects) as p""",
    "register": _FACTS
    + f"""select 'project', 'p' || p, 'hc_worker', 'p' || p || '|w' || w, {_ORIGIN}, jsonb_build_object('id_no',
        'w' || w || '-p' || p, 'work_role', 'worker', 'entry_at', '2020-01-01T00:00:00Z')
        from generate_series(1, :projects) as p cross join generate_series(1, :workers) as w""",
    "sheets": _FACTS
    + f"""select 'project', 'p' || p, 'hc_payroll', 'pr' || p || '-' || back, {_ORIGIN},
        jsonb_build_object('payroll_no', 'pr' || p || '-' || back, 'pay_month', to_char(day, 'YYYY-MM'))
        from generate_series(1, :projects) as p {_WHO} where w = 1""",
    "sheet_links": """insert into scoring.link
        select 'p' || p, 'payroll', 'pr' || p || '-' || back
        from generate_series(1, :projects) as p cross join generate_series(2, :months + 1) as back""",
    "lines": _FACTS
    + f"""select 'payroll', 'pr' || p || '-' || back, 'hc_payroll_detail', 'pr' || p || '-' || back || '|w' || w,
        {_ORIGIN}, jsonb_build_object('payroll_no', 'pr' || p || '-' || back, 'id_no', 'w' || w || '-p' || p,
        'payable', '8000.00', 'deduct', '500.00', 'actual', '7500.00', 'payer_account', 'acc' || p,
        'paid_at', to_char(day + interval '1 month 9 days', 'YYYY-MM-DD'))
        from generate_series(1, :projects) as p {_WHO}""",
    "accounts": _FACTS
    + f"""select 'project', 'p' || p, 'bk_special_account', 'acc' || p, {_ORIGIN},
        jsonb_build_object('account_no', 'acc' || p) from generate_series(1, :projects) as p""",
    "account_links": """insert into scoring.link
        select 'p' || p, 'account', 'acc' || p from generate_series(1, :projects) as p""",
    "flows": _FACTS
    + f"""select 'account', 'acc' || p, 'bk_account_flow', 'acc' || p || '|' || back || each.way, {_ORIGIN},
        jsonb_build_object('account_no', 'acc' || p, 'txn_at', to_char(day + 9, 'YYYY-MM-DD'), 'amount', '900000.00',
        'direction', each.way, 'purpose', each.purpose)
        from generate_series(1, :projects) as p {_WHO}
        cross join (values ('in', 'labour fee in'), ('out', 'wage out')) as each (way, purpose) where w = 1""",
    "heard": """insert into scoring.feed_report values
        ('bk_account_flow', 'bench', current_date, now() - interval '3 years', now())""",
    "punches": _FACTS
    + f"""select 'project', 'p' || p, 'hc_attendance', 'p' || p || '|w' || w || '|' || moment, moment::timestamptz,
        '01900000-0000-7000-8000-000000000001'::uuid, row_number() over (), 'bench', now(), jsonb_build_object('id_no',
        'w' || w || '-p' || p, 'punch_at', moment, 'origin', 'device')
        from generate_series(1, :projects) as p {_WHO} cross join generate_series(1, :punches) as n
        cross join lateral (select to_char(day + n, 'YYYY-MM-DD') || 'T00:30:00.000000Z') as at (moment)""",
}
_KEYS = "select key from scoring.fact where subject_id = :id and dataset = 'hc_attendance' order by source_time, key"


async def measure(settings: Settings, size: dict[str, int]) -> dict[str, Any]:
    """The three measures: punches a second, seconds for all projects, milliseconds for one."""
    db = Database(settings)
    projects = [f"p{number}" for number in range(1, size["projects"] + 1)]
    try:
        facts = await _build(db, size)
        folded = await _fold(db, projects)
        worked_out = await _all_projects(db, projects, size)
        single = await _single(db, projects)
    finally:
        await db.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {**size, "facts": facts, **folded, **worked_out, **single, "peak_mb": peak}


async def _build(db: Database, size: dict[str, int]) -> int:
    total = 0
    for name, statement in _STATEMENTS.items():
        wanted = {part: value for part, value in {**size, "today": today()}.items() if f":{part}" in statement}
        async with db.transaction() as session:
            made = await sql(session, statement, **wanted)
            total += made.rowcount if name not in ("projects", "heard") else 0
    async with db.transaction() as session:
        # What autovacuum does within a minute on a database that lives.
        await sql(session, "analyze scoring.fact")
    return total


async def _fold(db: Database, projects: Sequence[str]) -> dict[str, Any]:
    seconds, punches = 0.0, 0
    for project in projects:
        async with db.transaction() as session:
            keys = list((await sql(session, _KEYS, id=project)).scalars())
        began = time.perf_counter()
        for start in range(0, len(keys), PUNCHES_A_BATCH):
            async with db.transaction() as session:
                batch = keys[start : start + PUNCHES_A_BATCH]
                await folding.fold_attendance(session, "hc_attendance", batch, {("project", project)})
        seconds += time.perf_counter() - began
        punches += len(keys)
    return {"punches": punches, "fold_s": round(seconds, 2), "punches_per_s": round(punches / seconds)}


async def _all_projects(db: Database, projects: Sequence[str], size: dict[str, int]) -> dict[str, Any]:
    began, lines, months, paid = time.perf_counter(), 0, 0, Decimal(0)
    for start in range(0, len(projects), PROJECTS_AT_ONCE):
        async with db.transaction() as session:
            known = await _wages(session, projects[start : start + PROJECTS_AT_ONCE])
        lines += known.lines.height
        months += known.months.height
        paid += sum(known.lines.get_column("paid").to_list(), Decimal(0))
    seconds = time.perf_counter() - began
    expected = PAID * size["projects"] * size["workers"] * size["months"]
    if paid != expected:
        raise SystemExit(f"paid {paid} instead of {expected}")
    return {"worker_months": lines, "project_months": months, "all_projects_s": round(seconds, 2)}


async def _single(db: Database, projects: Sequence[str]) -> dict[str, Any]:
    times = []
    for project in projects[:SINGLE_LOOKS]:
        began = time.perf_counter()
        async with db.transaction() as session:
            await _wages(session, [project])
        times.append((time.perf_counter() - began) * 1000)
    return {"one_project_p50_ms": round(quantiles(times, n=100)[49], 1)}


async def _wages(session: Session, projects: Sequence[str]) -> wage_reads.Wages:
    return await wage_reads.wages_of(session, projects, now(), shipped())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for part, default in (("projects", 713), ("workers", 120), ("months", 12), ("punches", 2)):
        parser.add_argument(f"--{part}", type=int, default=default)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    arguments = vars(parser.parse_args())
    as_json = arguments.pop("json")
    with database("scoring") as settings:
        result = asyncio.run(measure(settings, arguments))
    text = json.dumps(result) + "\n" if as_json else "".join(f"{name:>20}  {value}\n" for name, value in result.items())
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
