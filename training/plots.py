"""Pictures of a training: losses and validation over the steps."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.checkpointing import read_rows

_SMOOTHING = 15  # logged rows in a moving mean


def plot_training(run_dir: Path, out: Path) -> None:
    """Write a PNG with the losses on the left and gIoU on the right; phases follow each other along the axis.

    Args:
        run_dir: holds losses.csv and validation.csv.
        out: path of the PNG.

    Raises:
        FileNotFoundError: nothing was logged yet.
    """
    losses = read_rows(run_dir / "losses.csv")
    if not losses:
        raise FileNotFoundError(f"no losses.csv in {run_dir}: nothing was trained there yet")
    validation = read_rows(run_dir / "validation.csv")
    starts = _phase_starts(losses)
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=(11, 4), layout="constrained")
        left, right = figure.subplots(1, 2)
        steps = [starts[row["phase"]] + int(row["step"]) for row in losses]
        for name in ("total", "bce", "dice", "presence"):
            values = np.array([float(row[name]) for row in losses])
            left.plot(steps, _smooth(values), label=name)
        left.set_yscale("log")
        left.set(title="Training losses (weighted)", xlabel="step")
        left.legend()
        at = [starts[row["phase"]] + int(row["step"]) for row in validation]
        for name, label in (("giou", "all questions"), ("present", "target present"), ("absent", "target absent")):
            right.plot(at, [float(row[name]) for row in validation], marker="o", label=label)
        right.set(title="gIoU on part of val (quick, low resolution)", xlabel="step", ylim=(0, 1))
        right.legend()
        for axes in (left, right):
            _mark_phases(axes, starts)
        figure.savefig(out, dpi=110)


def _phase_starts(losses: list[dict[str, str]]) -> dict[str, int]:
    """Return where each phase begins on the common axis."""
    last = {row["phase"]: int(row["step"]) for row in losses}
    starts: dict[str, int] = {}
    total = 0
    for phase, steps in last.items():
        starts[phase] = total
        total += steps
    return starts


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    width = min(_SMOOTHING, len(values))
    padded = np.concatenate([np.repeat(values[:1], width - 1), values])
    return np.convolve(padded, np.ones(width) / width, mode="valid")


def _mark_phases(axes: Axes, starts: dict[str, int]) -> None:
    for name, start in starts.items():
        axes.axvline(start, color="0.7", linewidth=0.8)
        axes.text(start, 1.0, f" {name}", color="0.4", va="top", transform=axes.get_xaxis_transform())
