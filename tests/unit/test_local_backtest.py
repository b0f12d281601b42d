"""`anxin backtest` and `anxin train` on a directory: what they leave, and what they say of one that will not do."""

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from local import modelling
from local.backtest_report.page import figure
from services.scoring.backtest import Ask, Unfit
from services.scoring.model import registry
from services.scoring.training.rows import month_ends
from tests.small_city import quick, quiet

START, FROM, UNTIL = date(2022, 1, 31), date(2024, 6, 30), date(2024, 12, 31)
ASK = Ask(FROM, UNTIL, budget=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two datasets of eighty employers, of whom those with growing power arrears do not pay wages."""
    folder = tmp_path_factory.mktemp("backtest-data")
    random, days = np.random.default_rng(1), month_ends(START, UNTIL)
    power, tax, labels = [], [], []
    for number in range(80):
        code, behind = f"E{number:03d}", 0
        for day in days:
            behind = behind + 1 if random.random() < (0.75 if behind else 0.05) else 0
            power.append(_power(number, code, day, behind))
            tax.append(_tax(code, day, float(random.integers(0, 3))))
            if random.random() < 0.01 + 0.08 * (behind > 2):
                labels.append((code, day + timedelta(days=9), day + timedelta(days=35), 4, 30_000))
    pl.DataFrame(power).write_parquet(folder / "pw_usage.parquet")
    pl.DataFrame(tax).write_csv(folder / "tax_arrears.csv")
    columns = ["employer_id", "started_on", "discovered_on", "workers", "amount"]
    pl.DataFrame(labels, schema=columns, orient="row").write_csv(folder / "labels.csv")
    return folder


def _power(number: int, code: str, day: date, behind: int) -> dict[str, object]:
    bill = {"kwh": 100 + number, "amount_due": 80.0, "arrears": 80.0 * behind, "arrears_days": 30 * behind}
    origin = {"account_no": f"A{number}", "uscc": code, "period": f"{day:%Y-%m}", "reported_at": _reported(day)}
    return {**origin, **bill, "cut_off": False}


def _tax(code: str, day: date, balance: float) -> dict[str, object]:
    owed = {"taxpayer_no": code, "uscc": code, "tax_kind": "VAT", "as_of": f"{day:%Y-%m}", "balance": balance}
    return {**owed, "stat_at": _reported(day), "reported_at": _reported(day)}


def _reported(day: date) -> str:
    return f"{day + timedelta(days=12)}T08:00:00+00:00"


def test_a_directory_of_two_datasets_gives_figures_alerts_plots_and_a_page(folder: Path, tmp_path: Path) -> None:
    told = modelling.backtest(folder, ASK, tmp_path, say=quiet, numbers=quick())
    assert sorted(told["data"]["datasets"]) == ["pw_usage", "tax_arrears"]
    assert told["alerts"] == pl.read_csv(tmp_path / "alerts.csv").height
    for name in ("precision_recall", "calibration", "lead_time"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert figure(told["pr_auc"]) in page
    assert "准确率" in page


def test_a_trained_model_is_read_again_and_its_folder_is_the_same_each_time(folder: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for out in (first, second):
        modelling.train(folder, FROM, out, seed=3, say=quiet, numbers=quick())
    for file in sorted(first.iterdir()):
        assert file.read_bytes() == (second / file.name).read_bytes()
    model = registry.read(first)
    said = model.predict(pl.DataFrame({"subject": ["E001"]}))
    assert 0 < said[0] < 1
    entry = json.loads((first / "entry.json").read_text("utf-8"))
    assert entry["name"] == entry["ships"] == model.name
    assert "用途" in (first / "card.md").read_text("utf-8")


def nothing(folder: Path) -> None:
    """Leaves the folder empty."""


def labels_only(folder: Path) -> None:
    (folder / "labels.csv").write_text("employer_id,started_on,discovered_on\nA,2024-01-01,2024-02-01\n", "utf-8")


def other_columns(folder: Path) -> None:
    (folder / "labels.csv").write_text("who,when\nA,2024-01-01\n", "utf-8")


def labels_without_rows(folder: Path) -> None:
    (folder / "labels.csv").write_text("employer_id,started_on,discovered_on\n", "utf-8")
    (folder / "pw_usage.csv").write_text("account_no,uscc,period,arrears,reported_at\n", "utf-8")


@pytest.mark.parametrize("spoil", [nothing, labels_only, other_columns, labels_without_rows])
def test_a_directory_that_will_not_do_is_refused(spoil: Callable[[Path], None], tmp_path: Path) -> None:
    spoil(tmp_path)
    with pytest.raises(Unfit) as refused:
        modelling.backtest(tmp_path, ASK, None, say=quiet)
    assert refused.value.zh
    assert refused.value.en


def test_dates_the_wrong_way_round_and_no_directory_are_refused(folder: Path, tmp_path: Path) -> None:
    for data, ask in ((folder, Ask(UNTIL, FROM)), (tmp_path / "none", ASK)):
        with pytest.raises(Unfit):
            modelling.backtest(data, ask, None, say=quiet)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ut_water.parquet", b"PAR1 cut off"),
        ("inspections.parquet", b"cut"),
        ("ut_water.csv", b'account_no,uscc\n"1,2\n'),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(
    folder: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    shutil.copytree(folder, tmp_path / "data")
    (tmp_path / "data" / name).write_bytes(content)
    with pytest.raises(Unfit) as refused:
        modelling.train(tmp_path / "data", FROM, tmp_path / "out", seed=1, say=quiet)
    assert "cannot be read" in refused.value.en
    assert content.startswith(b"account_no") or (name in refused.value.en and name in refused.value.zh)


@pytest.mark.parametrize("nothing_written", [b"", b"\n", b"\xef\xbb\xbf \r\n"])
def test_files_with_nothing_in_them_are_left_out_and_that_is_said(
    folder: Path, tmp_path: Path, nothing_written: bytes
) -> None:
    shutil.copytree(folder, tmp_path / "data")
    for name in ("court_dishonest.csv", "oracle.csv", "inspections.csv", "weather.csv"):
        (tmp_path / "data" / name).write_bytes(nothing_written)
    whole, told = (
        modelling.backtest(data, ASK, None, say=quiet, numbers=quick()) for data in (folder, tmp_path / "data")
    )
    assert [each["en"] for each in told["warnings"]] == ["Files that are empty, and left out: court_dishonest.csv."]
    assert told["contenders"] == whole["contenders"]
    assert told["data"] == whole["data"]
    (tmp_path / "data" / "labels.csv").write_bytes(nothing_written)
    with pytest.raises(Unfit, match=r"labels\.csv is empty"):
        modelling.backtest(tmp_path / "data", ASK, None, say=quiet, numbers=quick())


def test_a_feed_that_stopped_before_the_test_ends_is_told_of(folder: Path, tmp_path: Path) -> None:
    data = shutil.copytree(folder, tmp_path / "data")
    power = pl.read_parquet(data / "pw_usage.parquet")
    last = UNTIL - timedelta(days=200)
    power.filter(pl.col("reported_at") <= str(last)).write_parquet(data / "pw_usage.parquet")
    told = modelling.backtest(data, ASK, None, say=quiet, numbers=quick())
    assert [each["en"].split(":")[0] for each in told["warnings"]] == [
        f"Datasets that stopped before {UNTIL} (in brackets the day they last spoke)"
    ]
    assert "pw_usage (" in told["warnings"][0]["zh"]


def test_the_page_says_in_both_languages_what_came_of_the_alerts_and_no_table_of_one_group(
    folder: Path, tmp_path: Path
) -> None:
    told = modelling.backtest(folder, ASK, tmp_path, say=quiet, numbers=quick())
    text = (tmp_path / "report.html").read_text("utf-8")
    assert f"{told['alerts']} 次预警中 {told['right']} 次正确" in text
    assert f"Of {told['alerts']} alerts {told['right']} were right" in text
    assert f"{told['recall']['value']:.1%}" in text
    assert "红 red" in text
    assert [row["town"] for row in told["by_town"]] == ["unknown"]
    assert "By town" not in text
    assert "神谕" not in text
