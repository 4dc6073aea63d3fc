"""Experiments are read whole or refused with the place of the slip."""

from pathlib import Path

import pytest
import torch

from serving.model.config import RELEASED, EfficientNetLiteConfig
from serving.model.segearth import SegEarth
from training.errors import ExperimentInvalidError
from training.joint.experiment_file import build_model_config, load_experiment

EXPERIMENTS = Path(__file__).resolve().parents[3] / "training" / "experiments"
FROM_PRESET = [path.stem for path in sorted(EXPERIMENTS.glob("*.toml")) if not path.stem.startswith("finetune_")]

SMALLEST = 'name = "x"\n[data]\nkind = "folder"\nroot = "somewhere"\n'


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", [path.stem for path in sorted(EXPERIMENTS.glob("*.toml"))])
def test_every_experiment_that_ships_is_named_as_its_file(name: str) -> None:
    assert load_experiment(EXPERIMENTS / f"{name}.toml").name == name


@pytest.mark.parametrize("name", FROM_PRESET)
def test_every_experiment_that_ships_makes_a_model(name: str) -> None:
    config = build_model_config(load_experiment(EXPERIMENTS / f"{name}.toml"))

    with torch.device("meta"):
        model = SegEarth(config)
        tokens = model.compressor(torch.empty(1, 1024, 32, 32))

    assert tokens.shape == (1, config.compressor.token_count, config.language.hidden_size)


def test_the_defaults_are_the_papers_recipe(tmp_path: Path) -> None:
    experiment = load_experiment(_write(tmp_path, SMALLEST))

    assert build_model_config(experiment) == RELEASED
    recipe = experiment.optimiser
    assert (recipe.learning_rate, recipe.weight_decay, recipe.warmup_share, recipe.gradient_clip) == (1e-4, 0, 0.03, 1)
    assert (experiment.trained.encoder, experiment.trained.language) == (False, "full")
    assert (experiment.run.epochs, experiment.run.precision) == (15, "bf16")
    assert (experiment.losses.points.bce_weight, experiment.losses.points.dice_weight) == (5, 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALLEST + "roof = 1", "data.roof is unknown"),
        (SMALLEST + "[model.compressor]\nhalves = 1", "model.compressor.halves is unknown"),
        (SMALLEST + '[model.compressor]\nkind = "magic"', "model.compressor.kind is one of"),
        (SMALLEST + '[model.encoder]\nkind = "mirror"', "model.encoder.kind is one of swin, efficientnet_lite0"),
        (SMALLEST + '[run]\nepochs = "many"', "run.epochs cannot be 'many'"),
        (SMALLEST + "[run]\nworkers = true", "run.workers cannot be True"),
        (SMALLEST + "[optimiser]\nbetas = [0.9]", "optimiser.betas cannot be"),
        (SMALLEST + "[run]\naccumulation = 0", "accumulation is at least 1"),
        (SMALLEST + "questions_per_image = 3", "one question per image"),
        ('name = "x"', "lacks data"),
        ('name = "x"\n[data]\nkind = "folder"', "lacks data.root"),
        ('preset = "checkpoint"\n' + SMALLEST, "needs start.checkpoint"),
        ("name = ", "not valid TOML"),
    ],
)
def test_a_slip_is_named(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ExperimentInvalidError) as caught:
        load_experiment(_write(tmp_path, text))
    assert said in str(caught.value)


def test_another_encoder_starts_from_its_own_defaults(tmp_path: Path) -> None:
    text = SMALLEST + '[model.encoder]\nkind = "efficientnet_lite0"'

    config = build_model_config(load_experiment(_write(tmp_path, text)))

    assert config.encoder == EfficientNetLiteConfig()
