"""Three plots as PNG. Their words are English (a machine may lack Chinese fonts); the page's captions are in both."""

from io import BytesIO

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from services.scoring.backtest import Answer

COLOURS = {
    "model": "#c0392b",
    "scorecard": "#2874a6",
    "indicators": "#b9770e",
    "single_signal": "#7f8c8d",
    "oracle": "#1e8449",
}


def plots(answer: Answer) -> dict[str, bytes]:
    """File names and PNG images: precision over recall, calibration, lead time."""
    drawn = {"precision_recall.png": _precision_recall, "calibration.png": _calibration, "lead_time.png": _leads}
    found = {}
    for name, draw in drawn.items():
        figure = Figure(figsize=(5.2, 3.8), dpi=110, layout="constrained")
        draw(figure.subplots(), answer)
        found[name] = _png(figure)
    return found


def _png(figure: Figure) -> bytes:
    out = BytesIO()
    with mpl.rc_context({"svg.hashsalt": "anxin"}):
        figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _precision_recall(axes: Axes, answer: Answer) -> None:
    for name, curve in answer.curves.items():
        axes.plot(curve.recall, curve.precision, label=name, color=COLOURS.get(name), linewidth=1.6)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02), title="Precision and recall, 60 days")
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8)


def _calibration(axes: Axes, answer: Answer) -> None:
    said = np.array([row["probability"] for row in answer.told["calibration"]])
    seen = np.array([row["observed"] for row in answer.told["calibration"]])
    least = max(1e-6, min(said[said > 0], default=1e-6) / 2)
    axes.plot([least, 1], [least, 1], color="#bbbbbb", linewidth=1)
    axes.plot(np.maximum(said, least), np.maximum(seen, least), "o-", color=COLOURS["model"], markersize=4)
    axes.set(
        xscale="log", yscale="log", xlabel="probability said", ylabel="share seen", title="Calibration, equal mass"
    )
    axes.grid(alpha=0.25)


def _leads(axes: Axes, answer: Answer) -> None:
    axes.hist(answer.leads, bins=range(0, 400, 15), color=COLOURS["scorecard"])
    axes.set(xlabel="days from the first right alert to discovery", ylabel="events", title="Lead time")
    axes.grid(alpha=0.25)
