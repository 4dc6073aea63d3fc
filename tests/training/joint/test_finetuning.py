"""docs/finetuning.md, done: the mini model learns a domain that is not remote sensing, from a plain folder."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from transformers import LlamaConfig, LlamaForCausalLM
from typer.testing import CliRunner

from launch import load_settings
from serving.cancellation import Cancellation
from serving.imagery.admission import ImageLimits
from serving.imagery.intake import take_in_image
from serving.language.smollm2_files import FOLDER_NAME
from serving.language.smollm2_weights import ensure_smollm2
from serving.loading import load_engine
from serving.model.checkpoint import load_config
from serving.model_choice import ModelChoice
from tests.training.joint.tiny import write_shapes
from training.checkpointing import read_rows
from training.commands import build_train_app
from training.folder import load_folder
from training.joint.checkpoint_folder import save_network
from training.joint.experiment import DataConfig, Experiment, RunConfig, StartConfig, TrainedConfig
from training.joint.starting import build_network

HIDDEN = 48
SIDE = 64
MINIATURE = {
    "input_size": SIDE,
    "compressor": {"in_side": SIDE // 32, "hidden_channels": 16, "token_dim": HIDDEN},
    "projector": {"text_dim": HIDDEN},
    "language": {"hidden_size": HIDDEN, "layers": 2, "heads": 3, "key_value_heads": 3},
}
EXPERIMENT = """
name = "cells"
preset = "checkpoint"

[data]
kind = "folder"
root = "{root}"
questions = "all"
questions_per_image = 3

[model]
pixel_mean = [110.0, 110.0, 110.0]
pixel_std = [60.0, 60.0, 60.0]

[model.instruction]
before_image = "<|im_start|>user\\nMicroscope image:"

[start]
checkpoint = "{start}"

[trained]
encoder = true
language = "lora"

[losses]
language_weight = 0.0
points = {{ points = 512 }}

[optimiser]
learning_rate = 2e-3

[run]
steps = 60
images_per_device = 3
workers = 0
log_every = 1
precision = "fp32"
gradient_checkpointing = false
export_dtype = "float16"
"""


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    """Holds a language model of SmolLM2's kind that is small enough for a test, with the real tokenizer."""
    folder = tmp_path / "cache" / FOLDER_NAME
    folder.mkdir(parents=True)
    for file in ensure_smollm2(load_settings().cache_dir).glob("*token*"):
        shutil.copy(file, folder)
    config = LlamaConfig(
        vocab_size=49_152,
        hidden_size=HIDDEN,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=3,
        num_key_value_heads=3,
        tie_word_embeddings=True,
    )
    torch.manual_seed(0)  # else the start, and with it how far a few steps lead, hangs on the order of the tests
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder.parent


@pytest.fixture(autouse=True)
def _fresh_accelerator() -> None:
    AcceleratorState._reset_state(reset_partial_state=True)  # a process has one; accelerate's own tests do this


def _write_start(folder: Path, cache_dir: Path) -> Path:
    experiment = Experiment(
        name="start",
        data=DataConfig(kind="folder", root="unused"),
        preset="mini",
        model=MINIATURE,
        start=StartConfig(random=True),
        trained=TrainedConfig(language="lora"),
        run=RunConfig(export_dtype="float32"),
    )
    torch.manual_seed(0)
    save_network(build_network(experiment, cache_dir=cache_dir), folder, experiment, seconds=0, sources=[])
    return folder


def test_mini_learns_cells_from_a_plain_folder_and_answers_in_the_chat(cache_dir: Path, tmp_path: Path) -> None:
    root = write_shapes(tmp_path / "cells", side=SIDE)
    config = tmp_path / "cells.toml"
    config.write_text(EXPERIMENT.format(root=root, start=_write_start(tmp_path / "start", cache_dir)), encoding="utf-8")
    arguments = ["experiment", str(config), "--run-dir", str(tmp_path / "run"), "--out", str(tmp_path / "out"), "--cpu"]

    result = CliRunner().invoke(build_train_app(cache_dir=cache_dir), arguments, catch_exceptions=False)

    assert result.exit_code == 0, result.output
    losses = [float(row["total"]) for row in read_rows(tmp_path / "run" / "losses.csv")]
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])

    trained = load_config(tmp_path / "out")
    assert trained.instruction.before_image.endswith("Microscope image:"), "the domain's words are in the checkpoint"
    assert trained.pixel_mean == (110.0, 110.0, 110.0)
    assert json.loads((tmp_path / "out" / "config.json").read_text())["training"]["experiment"]["name"] == "cells"

    engine = load_engine(ModelChoice(tmp_path / "out"), cache_dir=cache_dir, device="cpu")
    sample = load_folder(root, "train")[0]
    image = take_in_image(sample.path, rendering_folder=tmp_path, limits=ImageLimits())
    for question in sample.questions:
        answer = engine.segment(image, question.text, cancellation=Cancellation(), report_stage=lambda _: None)
        target = question.decode_target(SIDE, SIDE).astype(bool)
        union = (answer.mask.pixels | target).sum()
        iou = (answer.mask.pixels & target).sum() / union if union else 1.0
        assert iou > 0.5, question.text
    engine.close()


def test_a_folder_that_is_not_in_the_form_is_told_so(cache_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "cells").mkdir()
    config = tmp_path / "cells.toml"
    start = _write_start(tmp_path / "start", cache_dir)
    config.write_text(EXPERIMENT.format(root=tmp_path / "cells", start=start), encoding="utf-8")
    arguments = ["experiment", str(config), "--run-dir", str(tmp_path / "run"), "--cpu"]

    result = CliRunner().invoke(build_train_app(cache_dir=cache_dir), arguments)

    assert result.exit_code == 2
    assert "questions.jsonl" in result.output
