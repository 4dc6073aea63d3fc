"""Both phases of a training run on a tiny pack: it learns, it resumes to the same weights, and it reloads equal."""

import dataclasses
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from evaluation.packs.pack import Pack
from launch import load_settings
from serving.language.smollm2 import QuestionTokenizer, SmolLM2
from serving.language.smollm2_weights import ensure_smollm2
from serving.model.checkpoint import ADAPTER_NAMES, load_model
from serving.model.config import MINI
from serving.model.features import MaskPrediction
from serving.model.segearth import SegEarth
from tests.evaluation.tiny_packs import write_pack
from training.checkpointing import read_rows
from training.dense_losses import dense_losses
from training.descriptions import build_table, collect_texts
from training.errors import DescriptionsMissingError
from training.export import export_model
from training.initialisation import constant_visual_tokens, initialise_mini, standardise_descriptions
from training.loop import MiniTrainer
from training.names import teach_names
from training.paraphrases import list_texts, load_wordings
from training.parts import load_part_wordings
from training.plots import plot_training
from training.recipe import Phase, Recipe
from training.samples import load_samples

SIDE = 64
CONFIG = dataclasses.replace(MINI, input_size=SIDE, compressor=dataclasses.replace(MINI.compressor, in_side=SIDE // 32))
PHASES = (
    Phase("table", "table", steps=6, side=SIDE, images=2, questions=2, warmup_steps=2),
    Phase("joint", "joint", steps=4, side=SIDE, images=2, questions=2, warmup_steps=2),
)


def _recipe(*phases: Phase) -> Recipe:
    return Recipe(phases, seed=3, validate_every=100, validation_images=2, checkpoint_every=2)


def _build_trainer(
    root: Path, run_dir: Path, recipe: Recipe, *, class_name: str | None = None
) -> tuple[MiniTrainer, SegEarth]:
    torch.manual_seed(1)
    folder = ensure_smollm2(load_settings().cache_dir)
    language = SmolLM2(folder, QuestionTokenizer(folder, CONFIG.instruction))
    model = SegEarth(CONFIG)
    initialise_mini(model, language)
    samples = load_samples(Pack(root), "val")
    if class_name is not None:
        samples = [
            dataclasses.replace(
                sample,
                questions=tuple(dataclasses.replace(one, class_name=class_name) for one in sample.questions),
            )
            for sample in samples
        ]
    texts = collect_texts(samples)
    table = build_table(language, constant_visual_tokens(model), texts, run_dir / "descriptions.safetensors")
    standardise_descriptions(model, table.look_up([texts])[0])
    return MiniTrainer(model, language, table, samples, samples, recipe, run_dir), model


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pack(tmp_path_factory.mktemp("pack"))


def test_an_interrupted_training_ends_with_the_same_weights(root: Path, tmp_path: Path) -> None:
    straight, model = _build_trainer(root, tmp_path / "straight", _recipe(*PHASES))
    straight.run()
    # Cut in the middle of the second phase: the schedule stays that of the whole.
    first, _ = _build_trainer(root, tmp_path / "cut", _recipe(*PHASES))
    first.run(stop_after_steps=8)
    second, resumed = _build_trainer(root, tmp_path / "cut", _recipe(*PHASES))
    second.run()
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], tensor, atol=1e-5, rtol=1e-3, msg=name)

    export_model(model, straight.adapters, tmp_path / "out", recipe=_recipe(*PHASES), seconds=1, sources=["town"])
    loaded = load_model(tmp_path / "out")
    trained = model.compressor.fc.weight.detach()
    torch.testing.assert_close(loaded.compressor.fc.weight.detach(), trained, atol=1e-4, rtol=1e-3)
    adapter = load_file(tmp_path / "out" / ADAPTER_NAMES[1])
    assert any(bool(tensor.any()) for name, tensor in adapter.items() if "lora_B" in name)
    assert "/" not in (tmp_path / "out" / ADAPTER_NAMES[0]).read_text().replace("HuggingFaceTB/SmolLM2", "")
    assert bool(trained.any()), "the joint phase trains the compressor"

    plot_training(tmp_path / "straight", tmp_path / "training.png")
    assert (tmp_path / "training.png").stat().st_size > 10_000


def test_a_recipe_may_end_with_the_mean_of_its_phases(root: Path, tmp_path: Path) -> None:
    second = dataclasses.replace(PHASES[0], name="again")
    recipe = dataclasses.replace(_recipe(PHASES[0], second), averaged=(("table", 0.25), ("again", 0.75)))
    trainer, model = _build_trainer(root, tmp_path, recipe)
    trainer.run()
    parts = [torch.load(tmp_path / f"after_{name}.pt", weights_only=True) for name in ("table", "again")]
    name = "mask_decoder.level_embed.weight"
    assert not torch.equal(parts[0][name], parts[1][name])
    torch.testing.assert_close(model.state_dict()[name], 0.25 * parts[0][name] + 0.75 * parts[1][name])


def test_a_phase_may_begin_with_the_mean_of_earlier_ones(root: Path, tmp_path: Path) -> None:
    again = dataclasses.replace(PHASES[0], name="again")
    resting = dataclasses.replace(PHASES[0], learning_rate=0.0, encoder_learning_rate=0.0, weight_decay=0.0)
    branch = dataclasses.replace(resting, name="branch", begins_with=(("table", 0.5), ("again", 0.5)))
    trainer, model = _build_trainer(root, tmp_path, _recipe(PHASES[0], again, branch))
    trainer.run()
    parts = [torch.load(tmp_path / f"after_{name}.pt", weights_only=True) for name in ("table", "again")]
    name = "mask_decoder.level_embed.weight"
    torch.testing.assert_close(model.state_dict()[name], (parts[0][name] + parts[1][name]) / 2)
    assert not (tmp_path / "after_branch.pt").exists()


def test_an_interrupted_phase_ends_with_the_same_moving_average(root: Path, tmp_path: Path) -> None:
    phase = dataclasses.replace(PHASES[0], ema_decay=0.8)
    straight, model = _build_trainer(root, tmp_path / "straight", _recipe(phase))
    straight.run()
    first, _ = _build_trainer(root, tmp_path / "cut", _recipe(phase))
    first.run(stop_after_steps=4)
    second, resumed = _build_trainer(root, tmp_path / "cut", _recipe(phase))
    second.run()
    plain, last = _build_trainer(root, tmp_path / "plain", _recipe(PHASES[0]))
    plain.run()
    name = "mask_decoder.level_embed.weight"
    assert not torch.allclose(model.state_dict()[name], last.state_dict()[name], atol=1e-5), "it is an average"
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], tensor, atol=1e-5, rtol=1e-3, msg=name)
    rows = read_rows(tmp_path / "straight" / "validation.csv")
    assert [row["weights"] for row in rows] == ["last", "kept"], "measured with and without"


def test_the_loss_falls(root: Path, tmp_path: Path) -> None:
    phase = dataclasses.replace(PHASES[0], steps=60, images=3, questions=3)
    trainer, _ = _build_trainer(root, tmp_path, _recipe(phase))
    trainer.run()
    totals = [float(row["total"]) for row in read_rows(tmp_path / "losses.csv")]
    assert totals[-1] < 0.75 * totals[0]


def test_kept_descriptions_are_made_once_and_gone_on_with(root: Path, tmp_path: Path) -> None:
    # Smaller pictures than the finished model's, at which the visual tokens cannot be read.
    kept = Phase("mixed", "kept", steps=6, side=SIDE // 2, images=2, questions=2, warmup_steps=2, mosaic_share=0.5)
    straight, model = _build_trainer(root, tmp_path / "straight", _recipe(PHASES[0], kept))
    straight.run()
    first, _ = _build_trainer(root, tmp_path / "cut", _recipe(PHASES[0], kept))
    first.run(stop_after_steps=10)
    rows = load_file(tmp_path / "cut" / "kept_descriptions.safetensors")["rows"]
    assert rows.shape[0] == 4
    second, resumed = _build_trainer(root, tmp_path / "cut", _recipe(PHASES[0], kept))
    second.run()
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], tensor, atol=1e-5, rtol=1e-3, msg=name)
    assert torch.equal(load_file(tmp_path / "cut" / "kept_descriptions.safetensors")["rows"], rows)


def test_descriptions_of_our_own_wordings_are_kept_beside_the_others(root: Path, tmp_path: Path) -> None:
    phase = Phase("wordings", "kept", steps=4, side=SIDE, images=2, questions=4, warmup_steps=2, paraphrase_share=0.5)
    trainer, _ = _build_trainer(root, tmp_path, _recipe(phase), class_name="glacier")
    trainer.run()
    rows = load_file(tmp_path / "kept_paraphrases.safetensors")["rows"]
    assert rows.shape[:2] == (2, len(list_texts(load_wordings(["glacier"]))))
    assert load_file(tmp_path / "kept_descriptions.safetensors")["rows"].shape[0] == 4


def test_wordings_for_parts_of_an_image_are_described_and_teach_the_places(root: Path, tmp_path: Path) -> None:
    phase = Phase(
        "parts", "kept", steps=4, side=SIDE, images=2, questions=4, warmup_steps=2, part_share=0.5, fits_places=True
    )
    trainer, model = _build_trainer(root, tmp_path, _recipe(phase), class_name="glacier")
    trainer.run()
    rows = load_file(tmp_path / "kept_parts.safetensors")["rows"]
    assert rows.shape[:2] == (2, len(load_part_wordings(["glacier"])["glacier"]))
    assert not (tmp_path / "kept_paraphrases.safetensors").exists()
    assert model.place_prior is not None
    assert model.place_prior.bands.weight.any()


def test_names_are_taught_at_last_and_nothing_but_the_projector_changes(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.loop.teach_names", partial(teach_names, images=2, steps=3))
    phase = Phase(
        "names", "kept", steps=4, side=SIDE, images=2, questions=4, warmup_steps=2, paraphrase_share=0.5, part_share=0.5
    )
    recipe = dataclasses.replace(_recipe(phase), averaged=(("names", 1.0),), teaches_names=True)
    trainer, model = _build_trainer(root, tmp_path, recipe, class_name="glacier")
    trainer.run()
    before = torch.load(tmp_path / "after_names.pt", weights_only=True)
    changed = {
        name.split(".")[0] for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])
    }
    assert changed == {"projector"}
    again, resumed = _build_trainer(root, tmp_path, recipe, class_name="glacier")
    again.run()
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], tensor, atol=1e-5, rtol=1e-3, msg=name)


def test_a_run_that_lost_its_descriptions_says_so(root: Path, tmp_path: Path) -> None:
    kept = Phase("mixed", "kept", steps=6, side=SIDE, images=2, questions=2, warmup_steps=2)
    first, _ = _build_trainer(root, tmp_path, _recipe(kept))
    first.run(stop_after_steps=2)
    (tmp_path / "kept_descriptions.safetensors").unlink()
    second, _ = _build_trainer(root, tmp_path, _recipe(kept))
    with pytest.raises(DescriptionsMissingError, match=r"no kept_descriptions\.safetensors"):
        second.run()


def test_unlabelled_cells_teach_nothing() -> None:
    logits = torch.zeros(1, 1, 4, 4, requires_grad=True)
    known = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    known[..., :2] = True
    targets = torch.zeros(1, 1, 4, 4)
    targets[..., 0] = 1
    prediction = MaskPrediction(logits, (), None)
    there = torch.ones(1, 1, dtype=torch.bool)
    dense_losses(prediction, targets, known, there, there).total.backward()
    assert logits.grad is not None
    assert not logits.grad[~known].any()
    assert logits.grad[known].all()


def test_a_frozen_encoder_stays_as_imagenet_left_it(root: Path, tmp_path: Path) -> None:
    phase = dataclasses.replace(PHASES[0], steps=3, encoder="frozen", colour="wide")
    trainer, model = _build_trainer(root, tmp_path, _recipe(phase))
    before = {name: tensor.clone() for name, tensor in model.encoder.state_dict().items()}
    query = model.projector.state_dict()
    started = {name: tensor.clone() for name, tensor in query.items()}
    trainer.run()
    for name, tensor in model.encoder.state_dict().items():
        torch.testing.assert_close(tensor, before[name], msg=name)
    assert any(not torch.equal(tensor, started[name]) for name, tensor in model.projector.state_dict().items())
