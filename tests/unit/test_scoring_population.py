"""What is kept of a population is enough: a few employers beside it have the features that they have among all."""

from typing import Any

import msgspec
import polars as pl
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from services.scoring.frames import FEEDS, Facts, gather
from services.scoring.inputs import columns_of, input_table
from services.scoring.measurebook import shipped
from services.scoring.measures import Context, context_at
from services.scoring.population import Gathering, Population, Spoken, heard, named, tied
from services.scoring.population.packing import packed, unpacked
from services.scoring.worlds import World, world_of
from services.scoring.worlds.views import Moment
from tests.scoring_facts import a_version, versions_of
from tests.scoring_worlds import AT, A, B, C, Rows, a_bill, a_world, on

SLOW = settings(max_examples=6, deadline=None, phases=[Phase.generate, Phase.shrink])
NOTHING_HELD = pl.DataFrame(schema={"employer": pl.String, "project": pl.String})


def a_population(rows: Rows) -> Population:
    """What is kept of the population of these rows, gathered in two parts."""
    world = a_world(rows)
    context = context_at(world, AT)
    month = Moment.of(AT).month
    spoken = {
        code: Spoken(feed.last, tuple(month - age for age, told in enumerate(feed.told) if told))
        for code, feed in context.snapshot.feeds.items()
    }
    gathering = Gathering(AT, spoken)
    for part in ((A,), (B, C)):
        gathering.look(world, part)
    return gathering.gathered(tied([named(context.snapshot)], shipped()), NOTHING_HELD, shipped())


def some(rows: Rows, codes: set[str]) -> World:
    """A world that holds no other employer's rows, but every dataset."""
    return a_world({code: [row for row in told if row["uscc"] in codes] or told[:1] for code, told in rows.items()})


@st.composite
def some_rows(draw: st.DrawFn) -> Rows:
    """Bills, debts and registrations of three employers, some of the same legal representative."""
    amounts = st.sampled_from((0.0, 0.1, 10.55, 999.99))
    bills = [a_bill(who, f"2026-{draw(st.integers(1, 10)):02}", draw(amounts)) for who in (A, B, C)]
    debts = [
        {"taxpayer_no": who, "uscc": who, "tax_kind": "增值税", "as_of": f"2026-{draw(st.integers(5, 10)):02}",
         "balance": draw(amounts), "reported_at": on("2026-11-05")}
        for who in draw(st.lists(st.sampled_from((A, B, C)), min_size=1, max_size=5))
    ]  # fmt: skip
    registered = [
        {"entity_id": f"e{who}", "uscc": who, "ent_name": who, "street": "330110005", "industry": "4710",
         "legal_rep": draw(st.sampled_from(("王一", "李二"))), "reported_at": on("2026-03-01")}
        for who in (A, B, C)
    ]  # fmt: skip
    return {"pw_usage": bills, "tax_arrears": debts, "samr_entity": registered}


@given(some_rows())
@SLOW
def test_beside_what_was_kept_of_all_an_employer_has_the_inputs_that_it_has_among_all(rows: Rows) -> None:
    everyone = input_table(a_world(rows), AT, pl.Series("subject", [A, B, C]))
    kept = unpacked(packed(a_population(rows)))
    for place, who in enumerate((A, B, C)):
        world = some(rows, {who, *kept.relatives([who])})
        alone = input_table(world, AT, pl.Series("subject", [who]), kept.context(world, AT, [who]))
        assert_frame_equal(alone.select(everyone.columns), everyone.slice(place, 1), check_exact=True)


def a_site(*punches: dict[str, Any]) -> tuple[World, Facts]:
    """The stored facts of one site of A's with these punches, as they are and as a world."""
    site = {"_kind": "project", "_subject": "j0", "project_code": "j0", "_reported": on("2026-11-02")}
    told = [a_version("hc_project", "j0", gc_uscc=A, **site)]
    told += [a_version("hc_attendance", f"{number}", **punch, **site) for number, punch in enumerate(punches)]
    there = tuple(each for each in shipped().datasets if each.dataset in ("hc_project", "hc_attendance"))
    book = msgspec.structs.replace(shipped(), datasets=there)
    stored = {each.dataset: each.as_stored() for each in book.datasets}
    facts = gather(["j0"], versions_of(told), pl.DataFrame(schema=FEEDS), stored, AT)
    return world_of(facts, book), facts


def test_a_row_that_stands_for_several_records_counts_as_they_do() -> None:
    days = ("2026-09-30", "2026-10-05", "2026-10-05", "2026-10-20")
    each, each_facts = a_site(*({"punch_at": day} for day in days))
    counted, counted_facts = a_site({"punch_at": "2026-09-01", "punches": 1}, {"punch_at": "2026-10-01", "punches": 3})
    one, other = (input_table(world, AT, pl.Series("subject", [A])) for world in (each, counted))
    assert one["hc_attendance.punches.level"].to_list() == [3]
    assert_frame_equal(other, one, check_exact=True)
    spoken = heard(each, each_facts, AT)
    assert spoken["hc_attendance"].counts == {2026 * 12 + 8: 1, 2026 * 12 + 9: 3}
    assert heard(counted, counted_facts, AT) == spoken


def test_what_is_packed_is_the_same_when_unpacked() -> None:
    rows: Rows = {"pw_usage": [a_bill(who, "2026-10", 3.3) for who in (A, B, C)]}
    kept = a_population(rows)
    again = unpacked(packed(kept))
    assert (again.as_of, again.spoken, again.peers.least) == (kept.as_of, kept.spoken, kept.peers.least)
    assert packed(again) == packed(kept)


def test_every_column_of_the_inputs_has_a_family_and_a_name_in_both_languages() -> None:
    rows: Rows = {"pw_usage": [a_bill(A, "2026-10", 3.3)]}
    table = input_table(a_world(rows), AT, pl.Series("subject", [A]))
    told = columns_of([name for name in table.columns if name != "subject"])
    assert set(told) == set(table.columns) - {"subject"}
    assert all(each.zh and each.en and each.family for each in told.values())


def test_a_population_knows_whose_facts_are_needed() -> None:
    kept = a_population({"samr_entity": [
        {"entity_id": who, "uscc": who, "legal_rep": name, "reported_at": on("2026-03-01")}
        for who, name in ((A, "王一"), (B, "王一"), (C, "李二"))
    ]})  # fmt: skip
    assert kept.relatives([A]) == [B]
    assert kept.relatives([C]) == []
    assert isinstance(kept.context(a_world({}), AT, [A]), Context)
