"""What a backtest leaves in a folder: alerts.csv, three plots, and one page that shows them with the figures."""

from pathlib import Path

from local.backtest_report.page import page
from local.backtest_report.plots import plots
from services.scoring.backtest import Answer


def write(folder: Path, answer: Answer) -> None:
    """Write the report; files of an earlier one are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    answer.alerts.write_csv(folder / "alerts.csv", include_bom=True)
    for name, image in plots(answer).items():
        (folder / name).write_bytes(image)
    (folder / "report.html").write_text(page(answer.told), "utf-8")
