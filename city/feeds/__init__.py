"""The datasets of the city, each a function that yields frames: the catalogue's items and `reported_at`."""

from collections.abc import Callable, Iterator

import polars as pl

from city.building import City
from city.feeds import complaints, courts, governance, grades, market, projects, tax, utilities, workers

Producer = Callable[[City], Iterator[pl.DataFrame]]

PRODUCERS: dict[str, Producer] = {
    "samr_entity": market.entities,
    "samr_change": market.changes,
    "samr_abnormal": market.abnormal,
    "samr_equity_burden": market.burdens,
    "tax_arrears": tax.arrears,
    "tax_status": tax.status,
    "tax_social_fee": tax.social_fees,
    "hrss_insured_headcount": tax.insured,
    "pw_usage": utilities.power,
    "ut_water": utilities.water,
    "ut_gas": utilities.gas,
    "court_enforcement": courts.enforcement,
    "court_dishonest": courts.dishonest,
    "court_unperformed": courts.unperformed,
    "court_bankruptcy": courts.bankruptcies,
    "hrss_arbitration": complaints.arbitrations,
    "hrss_inspection_case": complaints.inspection_cases,
    "hrss_labor_penalty": complaints.penalties,
    "hrss_arrears_list": complaints.listings,
    "hrss_credit_grade": grades.grades,
    "hrss_clue": complaints.clues,
    "gov_ticket": complaints.tickets,
    "gov_petition": complaints.petitions,
    "gov_grid_event": governance.grid_events,
    "ps_wage_incident": complaints.police_calls,
    "drc_credit_record": governance.credit_records,
    "hc_project": projects.projects,
    "hc_project_corp": projects.corporations,
    "bk_special_account": projects.accounts,
    "bk_account_flow": projects.flows,
    "hc_payroll": projects.payrolls,
}
DETAILS: dict[str, Producer] = {
    "hc_worker": workers.registered,
    "hc_attendance": workers.attendance,
    "hc_payroll_detail": workers.payroll_lines,
}
