"""Reliability diagrams: how often what was stated came true, before and after a temperature."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.calibration.observations import Observations, bin_statements
from evaluation.calibration.reliability import ReliabilityBin, Statements, measure_ece
from serving.calibration import Temperatures


def plot_reliability(observations: Observations, temperatures: Temperatures, out: Path) -> None:
    """Write a PNG with pixels on the left and presence on the right.

    Args:
        observations: of a split.
        temperatures: to compare with none.
        out: path of the PNG.
    """
    panels = (
        ("Pixels of answers", observations.pixels, temperatures.mask),
        ("Presence of the thing asked for", observations.presence, temperatures.presence),
    )
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=(9, 4.5), layout="constrained")
        for axes, (title, statements, temperature) in zip(figure.subplots(1, 2), panels, strict=True):
            axes.plot([0, 1], [0, 1], color="0.7", linewidth=0.8)
            axes.set(title=title, xlabel="probability stated", ylabel="share that was right", xlim=(0, 1), ylim=(0, 1))
            axes.set_aspect("equal")
            if statements is not None:
                _draw(axes, statements, temperature)
        figure.savefig(out, dpi=110)


def _draw(axes: Axes, statements: Statements, temperature: float) -> None:
    for one, colour in ((1.0, "#d55e00"), (temperature, "#009e73")):
        bins: Sequence[ReliabilityBin] = bin_statements(statements, one)
        axes.plot(
            [point.probability for point in bins],
            [point.frequency for point in bins],
            marker="o",
            color=colour,
            label=f"temperature {one:.2f}: ECE {measure_ece(bins):.3f}",
        )
    axes.legend(loc="upper left")
