"""Two processes share one training, as two GPUs would."""

import subprocess
import sys
from pathlib import Path

from serving.model.checkpoint import WEIGHTS_NAME
from tests.fakes.tiny_released import write_tiny_checkpoint
from tests.training.joint.tiny import write_shapes
from training.checkpointing import read_rows

ROOT = Path(__file__).resolve().parents[3]
EXPERIMENT = """
name = "shared"
preset = "checkpoint"
[data]
kind = "folder"
root = "{root}"
questions = "all"
[start]
checkpoint = "{start}"
[losses]
points = {{ points = 64 }}
[run]
steps = 3
workers = 0
log_every = 1
precision = "fp32"
"""


def test_two_processes_write_one_model(tmp_path: Path) -> None:
    config = tmp_path / "shared.toml"
    root, start = write_shapes(tmp_path / "cells"), write_tiny_checkpoint(tmp_path / "start")
    config.write_text(EXPERIMENT.format(root=root, start=start), encoding="utf-8")
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2"]
    options = ["--cache-dir", str(tmp_path), "--run-dir", str(tmp_path / "run"), "--cpu"]

    finished = subprocess.run(
        [*launcher, "-m", "training", "experiment", str(config), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stderr[-3000:]
    rows = read_rows(tmp_path / "run" / "losses.csv")
    assert [row["step"] for row in rows] == ["1", "2", "3"], "one of the two writes"
    assert (tmp_path / "run" / "model" / WEIGHTS_NAME).is_file()
