"""The refiner's training on a tiny pack: it learns, it resumes to the same weights, the engine takes its file."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from evaluation.packs.pack import Pack
from launch import load_settings
from serving.errors import CheckpointMismatchError
from serving.language.smollm2 import QuestionTokenizer, SmolLM2
from serving.language.smollm2_weights import ensure_smollm2
from serving.model.checkpoint import SEGMENT_ANYTHING_NAME, save_model
from serving.model.config import MINI
from serving.model.refiner import ClickRefiner, RefinerConfig
from serving.model.refiner_file import digest_features, load_refiner, read_refiner, save_refiner
from serving.model.segearth import SegEarth
from serving.refinement.suggestions import SUGGESTION_CHANNELS
from tests.evaluation.tiny_packs import write_pack
from training.checkpointing import read_rows
from training.errors import StartUnusableError
from training.initialisation import initialise_mini
from training.refiner.kept_features import FeatureKeeper
from training.refiner.recipe import RefinerRecipe
from training.refiner.running import train_refiner_of
from training.refiner.trainer import RefinerTrainer, refiner_losses
from training.samples import ImageSample, load_samples

SHIPPED = Path(__file__).parents[3] / "models" / "mini"
SIDE = 64
CONFIG = dataclasses.replace(MINI, input_size=SIDE, compressor=dataclasses.replace(MINI.compressor, in_side=SIDE // 32))
RECIPE = RefinerRecipe(
    steps=24, images=2, window_cells=16, window_batch=4, whole_batch=4, learning_rate=4e-3, warmup_steps=2, seed=3
)
SIZES = RefinerConfig(CONFIG.pixel_decoder.mask_dim, CONFIG.pixel_decoder.dim, 8, 8, (8, 12, 16))


@pytest.fixture(scope="module")
def model_and_language() -> tuple[SegEarth, SmolLM2]:
    torch.manual_seed(1)
    folder = ensure_smollm2(load_settings().cache_dir)
    language = SmolLM2(folder, QuestionTokenizer(folder, CONFIG.instruction))
    model = SegEarth(CONFIG)
    initialise_mini(model, language)
    return model, language


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[ImageSample]:
    return load_samples(Pack(write_pack(tmp_path_factory.mktemp("pack"))), "val")


@pytest.fixture(scope="module")
def keeper(model_and_language: tuple[SegEarth, SmolLM2], tmp_path_factory: pytest.TempPathFactory) -> FeatureKeeper:
    return FeatureKeeper(*model_and_language, tmp_path_factory.mktemp("kept"), questions=2, seed=3)


def _build(
    keeper: FeatureKeeper, samples: list[ImageSample], run_dir: Path, *, digest: str = "ab"
) -> tuple[RefinerTrainer, ClickRefiner]:
    torch.manual_seed(5)
    refiner = ClickRefiner(SIZES)
    return RefinerTrainer(refiner, keeper, samples, RECIPE, run_dir, features_digest=digest), refiner


def test_it_learns_and_an_interrupted_training_ends_with_the_same_weights(
    keeper: FeatureKeeper, samples: list[ImageSample], tmp_path: Path
) -> None:
    straight, refiner = _build(keeper, samples, tmp_path / "straight")
    straight.keep_images()
    straight.run()
    first, _ = _build(keeper, samples, tmp_path / "cut")
    first.run(stop_after_steps=9)
    second, resumed = _build(keeper, samples, tmp_path / "cut")
    second.run()
    for name, tensor in refiner.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], tensor, atol=1e-6, rtol=1e-4, msg=name)
    rows = read_rows(tmp_path / "straight" / "losses.csv")
    assert float(rows[-1]["total"]) < float(rows[0]["total"])
    other, _ = _build(keeper, samples, tmp_path / "cut", digest="cd")
    with pytest.raises(StartUnusableError, match="other weights"):
        other.run()


def test_kept_images_hold_targets_and_answers_once(
    keeper: FeatureKeeper, samples: list[ImageSample], model_and_language: tuple[SegEarth, SmolLM2]
) -> None:
    kept = keeper.keep(samples, 0)
    again = keeper.keep(samples, 0)
    assert kept is not None
    assert again is not None
    assert kept.targets.shape == kept.answers.shape == (2, SIDE // 2, SIDE // 2)
    assert torch.equal(kept.mask_features, again.mask_features)
    np.testing.assert_array_equal(kept.targets, again.targets)
    features, rgb = kept.window(16, 0, 16)
    assert features.mask_features.shape[-2:] == (8, 8)
    assert features.multi_scale[2].shape[-2:] == (4, 4)
    assert rgb.shape == (1, 3, 16, 16)
    torch.testing.assert_close(features.mask_features[0], kept.mask_features[:, 8:16, :8].float())


def test_the_file_belongs_to_the_model_that_made_the_features(
    model_and_language: tuple[SegEarth, SmolLM2], tmp_path: Path
) -> None:
    digest = digest_features(model_and_language[0])
    save_refiner(ClickRefiner(SIZES), tmp_path, features_digest=digest)
    assert load_refiner(tmp_path, features_digest=digest) is not None


def test_a_refiner_goes_on_from_one_of_other_weights(
    model_and_language: tuple[SegEarth, SmolLM2], tmp_path: Path
) -> None:
    save_model(model_and_language[0], tmp_path / "model")
    write_pack(tmp_path / "pack")
    save_refiner(ClickRefiner(SIZES), tmp_path / "before", features_digest="of other weights")

    def train(start_from: Path, sam_dir: Path | None = None) -> ClickRefiner:
        # At a rate of 0, what comes out is what went in.
        recipe = dataclasses.replace(RECIPE, steps=1, images=1, learning_rate=0.0)
        train_refiner_of(
            tmp_path / "model",
            tmp_path / "pack",
            run_dir=tmp_path / ("told" if sam_dir else "run"),
            cache_dir=load_settings().cache_dir,
            recipe=recipe,
            threads=2,
            out=tmp_path / "after",
            sam_dir=sam_dir,
            start_from=start_from,
        )
        trained = load_refiner(tmp_path / "after", features_digest=digest_features(model_and_language[0]))
        assert trained is not None
        return trained

    before, _ = read_refiner(tmp_path / "before")
    for name, tensor in train(tmp_path / "before").state_dict().items():
        torch.testing.assert_close(tensor, before.state_dict()[name], msg=name)
    with pytest.raises(CheckpointMismatchError, match=r"refiner\.safetensors"):
        train(tmp_path / "nowhere")
    # Told of suggestions from now on, it begins by not listening to them.
    told = train(tmp_path / "before", SHIPPED).state_dict()
    old, new = told.pop("fine.0.weight").split([before.config.map_channels + 3, SUGGESTION_CHANNELS], 1)
    torch.testing.assert_close(old, before.state_dict()["fine.0.weight"])
    assert not new.any()
    torch.testing.assert_close(told["fuse.weight"], before.state_dict()["fuse.weight"])
    assert (tmp_path / "after" / SEGMENT_ANYTHING_NAME).read_bytes() == (SHIPPED / SEGMENT_ANYTHING_NAME).read_bytes()
    with pytest.raises(StartUnusableError, match="reads suggestions"):
        train(tmp_path / "after")


def test_small_things_count_as_much_as_large_ones() -> None:
    logits = torch.zeros(2, 1, 32, 32)
    wanted = torch.ones(2, 1, 32, 32)
    is_near = torch.zeros(2, 1, 32, 32)
    is_near[0, :, :2, :2] = 1
    is_near[1, :, :30, :30] = 1
    alone = [refiner_losses(logits[i : i + 1], wanted[i : i + 1], is_near[i : i + 1])["bce"] for i in range(2)]
    torch.testing.assert_close(alone[0], alone[1])


def test_the_right_logits_cost_nothing() -> None:
    wanted = (torch.arange(64).view(1, 1, 8, 8) % 3 == 0).float()
    losses = refiner_losses(wanted * 40 - 20, wanted, torch.ones(1, 1, 8, 8))
    assert float(losses["bce"]) < 1e-6
    assert float(losses["dice"]) < 1e-6
