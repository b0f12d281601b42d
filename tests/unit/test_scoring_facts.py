"""Facts as known at a time: newest wins in any order, nothing reported later leaks in, missing is not zero."""

from datetime import timedelta
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from services.scoring import measurebook, rulebook
from services.scoring.frames import bodies, gather, newest
from services.scoring.rulebook import shipped
from tests.scoring_facts import AT, PROJECT, USCC, a_receipt, a_version, assessed, features, feeds_of, versions_of

SLOW = settings(max_examples=25, deadline=None)
# Our own decisions and warnings, not an agency's datasets.
OUR_OWN = ("credit_listing", "related_warning")
MONTHS = ("2026-07", "2026-08", "2026-09", "2026-10")


@st.composite
def a_report(draw: st.DrawFn) -> dict[str, Any]:
    """A version of some record about the employer: social insurance, water, or a court's."""
    dataset = draw(st.sampled_from(("tax_social_fee", "ut_water", "court_dishonest")))
    period = draw(st.sampled_from(MONTHS))
    reported = AT - timedelta(days=draw(st.integers(0, 60)))
    items: dict[str, Any] = {"period": period, "arrears": draw(st.sampled_from(("0.00", "10.00", "999.99")))}
    if dataset == "ut_water":
        items |= {"account_no": "w", "arrears_days": draw(st.sampled_from((0, 31, 70)))}
    if dataset == "court_dishonest":
        items = {"published_at": f"{period}-15", "perform": draw(st.sampled_from(("none", "all")))}
    return a_version(
        dataset,
        period,
        **items,
        _reported=reported,
        _time=reported - timedelta(days=draw(st.integers(0, 3))),
        _receipt=a_receipt(draw(st.integers(1, 4))),
        _row=draw(st.integers(1, 2)),
        _moved=draw(st.sampled_from((None, None, None, True))),
    )


def _distinct(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # The database keeps one version per record, time, receipt and row.
    names = ("dataset", "key", "source_time", "receipt_id", "row_no")
    return list({tuple(report[name] for name in names): report for report in reports}.values())


def test_a_record_read_in_full_keeps_its_older_versions_as_long_as_it_stands() -> None:
    def said(key: str, day: int, **origin: Any) -> dict[str, Any]:
        where = {"_kind": "project", "_subject": PROJECT, "_reported": AT - timedelta(days=day)} | origin
        return a_version("hc_project", key, gc_uscc=f"{key}{day}", **where)

    rows = [said("stands", 9), said("stands", 5), said("ended", 9), said("ended", 5, _row=0), said("moved", 9)]
    versions = versions_of([*rows, said("moved", 5, _moved=True), said("stands", -1)])
    datasets = {each.dataset: each.as_stored() for each in measurebook.shipped().datasets if each.about == "project"}
    whole, plain = (gather([], versions, feeds_of([]), datasets, AT, in_full=part) for part in (["hc_project"], []))
    assert sorted(whole.frames["hc_project"]["gc_uscc"]) == ["stands5", "stands9"]
    assert plain.frames["hc_project"]["gc_uscc"].to_list() == ["stands5"]


some_reports = st.lists(a_report(), min_size=1, max_size=12).map(_distinct)


@given(some_reports, st.randoms())
@SLOW
def test_any_order_of_arrival_and_any_repetition_give_the_same_facts(reports: list[dict[str, Any]], dice: Any) -> None:
    again = [*reports, *dice.choices(reports, k=3)]
    dice.shuffle(again)
    assert_frame_equal(newest(versions_of(again)), newest(versions_of(reports)))


@given(some_reports, some_reports, st.integers(1, 59))
@SLOW
def test_nothing_that_was_reported_after_a_time_changes_a_feature_at_that_time(
    reports: list[dict[str, Any]], more: list[dict[str, Any]], days: int
) -> None:
    then = AT - timedelta(days=days)
    before = [report for report in _distinct([*reports, *more]) if report["reported_at"] <= then]
    assert_frame_equal(
        features(*before, at=then).values, features(*_distinct([*reports, *more]), at=then).values, check_dtypes=False
    )


@given(some_reports, st.randoms())
@SLOW
def test_the_level_does_not_depend_on_the_order_of_arrival(reports: list[dict[str, Any]], dice: Any) -> None:
    shuffled = list(reports)
    dice.shuffle(shuffled)
    assert assessed(*shuffled) == assessed(*reports)


def test_the_newest_source_time_wins_whenever_it_came() -> None:
    paid = a_version("tax_social_fee", period="2026-10", arrears="0.00", _time=AT)
    owed = a_version("tax_social_fee", period="2026-10", arrears="9.00", _time=AT - timedelta(days=1), _row=2)
    assert features(paid, owed).values["si_open_months"].to_list() == [0]


def test_of_equal_source_times_the_later_receipt_and_then_the_later_row_win() -> None:
    def fee(arrears: str, receipt: int, row: int) -> dict[str, Any]:
        return a_version("tax_social_fee", period="2026-10", arrears=arrears, _receipt=a_receipt(receipt), _row=row)

    found = features(fee("3.00", 2, 2), fee("1.00", 1, 9), fee("2.00", 2, 1))
    assert [str(amount) for amount in found.values["si_arrears"]] == ["3.00"]


def test_a_record_that_moved_to_another_employer_is_no_fact_of_this_one() -> None:
    mine = a_version("court_dishonest", published_at="2026-11-01", _time=AT - timedelta(days=2))
    moved = a_version("court_dishonest", _time=AT - timedelta(days=1), _moved=True, _row=2)
    assert features(mine).values["dishonest_12m"].to_list() == [1]
    assert features(mine, moved).values["dishonest_12m"].to_list() == [0]


def test_missing_is_not_zero() -> None:
    other = a_version("court_dishonest", _subject="91330110MA2CEABC2B", published_at="2026-11-01")
    found = features(other).values
    # The court's feed lives and says nothing of this employer: zero. Of social insurance nobody ever spoke: unknown.
    assert found["dishonest_12m"].to_list() == [0]
    assert found["si_open_months"].to_list() == [None]
    assert found["clues_60d"].to_list() == [None]


def test_an_old_report_of_a_monthly_state_is_unknown_rather_than_paid() -> None:
    old = a_version("ut_water", period="2026-01", account_no="w", arrears="9.00", arrears_days=90)
    assert features(old).values["water_arrears_days"].to_list() == [None]


def test_every_feature_says_what_day_it_speaks_of() -> None:
    values = features(
        a_version("tax_social_fee", period="2026-10", arrears="9.00", _time=AT - timedelta(days=5))
    ).values
    assert values["si_arrears@"].to_list() == [(AT - timedelta(days=5)).date()]
    assert all(f"{name}@" in values.columns for name in values.columns if name != "subject" and not name.endswith("@"))


def test_a_value_that_does_not_fit_its_type_is_missing() -> None:
    dirty = a_version("ut_water", period="2026-10", account_no="w", arrears="空", arrears_days="n/a")
    assert features(dirty).values["water_arrears"].to_list() == [0]


def test_the_meters_of_an_employer_are_looked_at_one_by_one() -> None:
    closed = a_version("ut_water", "a", period="2026-08", account_no="a", arrears="5.00", arrears_days=80)
    running = a_version("ut_water", "b", period="2026-10", account_no="b", arrears="0.00", arrears_days=0)
    assert features(closed, running).values["water_arrears_days"].to_list() == [80]


def test_the_columns_of_an_event_become_one_body_a_row() -> None:
    columns: dict[str, list[object]] = {
        "n": [1, None],
        "ok": [True, False],
        "signs": [["a", "b"], None],
        "m": ["1.50", "x"],
    }
    assert bodies(pl.DataFrame(columns)).to_list() == [
        '{"n":"1","ok":"true","signs":"a,b","m":"1.50"}',
        '{"n":null,"ok":"false","signs":null,"m":"x"}',
    ]
    assert bodies(pl.DataFrame(height=2)).to_list() == ["{}", "{}"]


def test_a_subject_is_looked_at_again_on_the_day_a_window_ends() -> None:
    clue = a_version("hrss_clue", registered_at=(AT - timedelta(days=10)).isoformat(), arrears_people=1)
    review = features(clue).review
    assert review.rows() == [(USCC, (AT + timedelta(days=21)).date())]


def test_what_grows_with_every_day_is_looked_at_again_the_next_day() -> None:
    account = a_version("bk_special_account", "acc", account_no="acc", contract_signed="2026-11-01", _kind="project")
    found = features(account | {"subject": PROJECT}, kind="project")
    assert found.values["account_unopened_days"].to_list() == [22]
    assert found.review.filter(pl.col("subject") == PROJECT)["ends"].min() == AT.date() + timedelta(days=1)
    owed = a_version("hrss_inspection_case", arrears_amount="1.00", arrears_from="2026-10")
    assert features(owed).review.rows() == [(USCC, AT.date() + timedelta(days=1))]


def _pages() -> list[bytes]:
    from importlib import resources

    folder = resources.files("services.scoring") / "data"
    return [(folder / f"{page}.yaml").read_bytes() for page in ("datasets", "features", "indicators", "parameters")]


@pytest.mark.parametrize(
    ("page", "before", "after", "complaint"),
    [
        (
            2,
            b"feature: si_months, op: ge, value: 3}], points: 25",
            b"feature: si_months, op: ge, value: 3}], points: 2",
            "rise",
        ),
        (2, b"feature: si_months, op: ge, value: 1", b"feature: no_such, op: ge, value: 1", "no_such"),
        (1, b"dataset: tax_social_fee, agg: months", b"dataset: tax_fee, agg: months", "tax_fee"),
        (1, b"{item: balance, op: gt", b"{item: amount, op: gt", "amount"),
        (0, b"items: {ent_name: text", b"items: {agency: text, ent_name: text", "agency"),
        (2, b"family: court", b"family: weather", "weather|Invalid"),
        (3, b"verified: false", b"verified: maybe", "bool"),
    ],
)
def test_a_book_that_contradicts_itself_is_refused(page: int, before: bytes, after: bytes, complaint: str) -> None:
    pages = _pages()
    assert before in pages[page]
    pages[page] = pages[page].replace(before, after, 1)
    with pytest.raises((ValueError, msgspec.ValidationError), match=complaint):
        rulebook.parse(*pages)


def test_the_same_rules_have_the_same_version_and_others_another() -> None:
    pages = _pages()
    assert rulebook.parse(*pages).version == shipped().version
    pages[3] += b"\n# a word\n"
    assert rulebook.parse(*pages).version != shipped().version


def test_a_rule_counts_only_between_its_dates() -> None:
    pages = _pages()
    pages[2] = pages[2].replace(b"valid_from: 2020-05-01", b"valid_from: 2026-12-01", 1)
    assert rulebook.parse(*pages).in_force(AT.date(), "employer") == ()
    assert shipped().in_force(AT.date(), "employer") != ()


def test_every_parameter_says_where_it_comes_from_and_whether_that_was_verified() -> None:
    for parameter in shipped().parameters:
        assert parameter.source
        assert not (parameter.tag in ("D", "M") and parameter.verified)


def test_the_catalogue_announces_every_item_that_a_rule_reads_in_a_type_that_it_can_read() -> None:
    from services.ingest.catalogue import shipped as catalogue

    wide = {"str": "text", "char": "text", "div9": "text", "uscc": "text", "idno": "text", "dec": "dec"}
    for code, dataset in shipped().datasets.items():
        if code in OUR_OWN:
            continue
        items = catalogue().datasets[code].by_name
        for item, kind in dataset.items.items():
            # A name never leaves ingest; of who is tied by it a pseudonym does.
            assert item in catalogue().datasets[code].announced, (code, item)
            given_kind = items[item].kind
            assert kind in (given_kind, wide.get(given_kind), "text"), (code, item, given_kind)


def test_every_fixed_word_that_a_rule_compares_with_is_a_word_of_the_catalogue() -> None:
    from services.ingest.catalogue import shipped as catalogue

    for feature in shipped().measured:
        for where in feature.where:
            if feature.dataset in OUR_OWN:
                continue
            item = catalogue().datasets[feature.dataset].by_name[where.item]
            if item.values and where.op in ("eq", "ne", "any_of", "has"):
                words = where.value if isinstance(where.value, list) else [where.value]
                assert set(words) & {choice.value for choice in item.values}, (feature.code, words)
