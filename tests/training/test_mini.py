"""What a training of the mini model may learn from."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from evaluation.packs.pack import Pack
from launch import load_settings
from serving.model.checkpoint import load_model, save_model
from serving.model.config import MINI, SegEarthConfig
from serving.model.segearth import SegEarth
from tests.evaluation.tiny_packs import POOL, RED, question_row, write_pack, write_picture
from training.batches import BatchConfig, TrainingBatches
from training.checkpointing import read_rows
from training.commands import build_train_app
from training.errors import ExperimentChangedError, StartUnusableError, TrainingDataError
from training.mini import (
    count_trained_phases,
    load_split_samples,
    remember_experiment,
    take_up_model,
    train_mini_model,
)
from training.recipe import Phase, Recipe


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A pack whose train split has two images of "town" and one of "hill", each with words of its own."""
    folder = write_pack(tmp_path / "pack")
    added = []
    for name, words in (("town/d", "Mark the town's roofs."), ("hill/h", "Mark the hill's trees.")):
        write_picture(folder, name, ((POOL, RED),))
        added.append(question_row(1, name, "train", words, kind="class", mask="masks/p.png", empty=False))
    with (folder / "questions.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in added)
    with (folder / "manifest.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps({"image_id": row["image_id"], "height": 24, "width": 32}) + "\n" for row in added)
    return folder


def _asked(root: Path, left_out: list[str]) -> set[str]:
    train, _ = load_split_samples(root, left_out)
    batches = TrainingBatches(train, BatchConfig(images=2, questions=2, side=64, seed=5), 30)
    return {text for step in range(30) for row in batches[step].texts for text in row}


def test_no_batch_holds_a_sample_of_a_source_that_is_left_out(root: Path) -> None:
    assert "Mark the hill's trees." in _asked(root, [])
    left = _asked(root, ["hill"])
    assert "Mark the hill's trees." not in left
    assert "Mark the town's roofs." in left


def test_a_source_that_is_left_out_plays_no_part_in_validation(root: Path) -> None:
    rows = (
        (root / "questions.jsonl")
        .read_text()
        .replace('"split": "val", "kind": "class"', '"split": "train", "kind": "class"')
    )
    (root / "questions.jsonl").write_text(rows)
    assert {sample.source for sample in load_split_samples(root, [])[1]} == {"town"}
    assert {question.source for question in Pack(root).select_questions("train")} == {"town", "hill", "park"}
    # "park" is in train alone; leaving it out changes nothing in val.
    train, val = load_split_samples(root, ["park"])
    assert {sample.source for sample in train} == {"town", "hill"}
    assert {sample.source for sample in val} == {"town"}
    with pytest.raises(TrainingDataError, match="nothing is left"):
        load_split_samples(root, ["town"])


def test_a_source_that_is_not_there_is_named_with_those_that_are(root: Path) -> None:
    result = CliRunner().invoke(
        build_train_app(),
        ["mini", str(root), "--run-dir", str(root / "run"), "--cache-dir", str(root), "--leave-out", "lake"],
    )
    assert result.exit_code == 2
    assert "no source lake to leave out. The data folder has hill, town." in result.stderr
    assert not (root / "run").exists()


def test_a_run_goes_on_with_what_it_was_begun_with(tmp_path: Path) -> None:
    remember_experiment(tmp_path / "run", {"town", "hill"}, "short")
    remember_experiment(tmp_path / "run", {"hill", "town"}, "short")
    with pytest.raises(ExperimentChangedError, match=r"run was begun with other sources.*--leave-out"):
        remember_experiment(tmp_path / "run", {"town"}, "short")
    with pytest.raises(ExperimentChangedError, match=r"another recipe.*--recipe"):
        remember_experiment(tmp_path / "run", {"town", "hill"}, "full")


def test_a_start_must_have_the_first_phases_behind_it() -> None:
    table, mixed = Phase("table", "table", steps=1, side=64), Phase("mixed", "kept", steps=1, side=64)
    recipe = Recipe((table, mixed), name="two")

    def trained_by(*phases: Phase) -> SegEarthConfig:
        return replace(MINI, training={"recipe": asdict(Recipe(phases))})

    assert count_trained_phases(trained_by(table), recipe) == 1
    for start in (MINI, trained_by(mixed), trained_by(table, mixed)):
        with pytest.raises(StartUnusableError, match="the recipe two goes on from table"):
            count_trained_phases(start, recipe)
    with pytest.raises(StartUnusableError, match="untrained language model"):
        count_trained_phases(trained_by(mixed), Recipe((mixed, table), name="turned"))


def test_a_model_is_trained_further(root: Path, tmp_path: Path) -> None:
    table = Phase("table", "table", steps=2, side=64, images=1, questions=2, warmup_steps=1)
    mixed = replace(table, name="mixed", language="kept", absent_share=0.5)
    cache = load_settings().cache_dir

    def train(
        run: str, *phases: Phase, start_from: Path | None = None, averaged: tuple[tuple[str, float], ...] = ()
    ) -> Path:
        out = tmp_path / run / "model"
        recipe = Recipe(phases, averaged, validate_every=100, validation_images=1)
        train_mini_model(
            root, run_dir=tmp_path / run, cache_dir=cache, threads=2, out=out, recipe=recipe, start_from=start_from
        )
        return out

    first = train("first", table)
    second = train("second", table, mixed, start_from=first)
    before, after = load_model(first), load_model(second)
    assert [phase["name"] for phase in after.config.training["recipe"]["phases"]] == ["table", "mixed"]
    assert torch.equal(before.projector.text_mean, after.projector.text_mean)
    assert not torch.equal(before.mask_decoder.level_embed.weight, after.mask_decoder.level_embed.weight)
    rows = read_rows(tmp_path / "second" / "losses.csv")
    assert {row["phase"] for row in rows} == {"mixed"}

    # The other way: the start alone, told apart from what the phase made of it.
    kept = load_model(train("third", table, mixed, start_from=first, averaged=(("start", 1.0),)))
    torch.testing.assert_close(kept.mask_decoder.level_embed.weight, before.mask_decoder.level_embed.weight)
    with pytest.raises(StartUnusableError, match=r"no after_table\.pt"):
        train("fourth", table, mixed, start_from=first, averaged=(("table", 0.5), ("mixed", 0.5)))


@torch.no_grad()
def test_a_model_without_a_place_prior_is_taken_up_and_hardly_answers_otherwise(tmp_path: Path) -> None:
    save_model(SegEarth(replace(MINI, place_waves=0)), tmp_path)
    stored, taken_up = load_model(tmp_path), take_up_model(tmp_path).eval()
    assert (stored.config.place_waves, taken_up.config.place_waves) == (0, 16)

    image, description = torch.randn(1, 3, 512, 512), torch.randn(1, 2, 576)
    first = [model.decode(model.encode(image), description).auxiliary_mask_logits[0] for model in (stored, taken_up)]

    torch.testing.assert_close(first[0], first[1], atol=0.25, rtol=0)


def test_a_recipe_that_goes_on_says_what_it_needs_before_anything_is_trained(root: Path, tmp_path: Path) -> None:
    table = Phase("table", "table", steps=2, side=64, images=1, questions=2, warmup_steps=1)
    recipe = Recipe((table, replace(table, name="further", language="kept")), averaged=(("start", 1.0),))
    with pytest.raises(StartUnusableError, match=r"goes on from a model.*--start-from"):
        train_mini_model(
            root, run_dir=tmp_path / "run", cache_dir=load_settings().cache_dir, threads=2, out=tmp_path, recipe=recipe
        )
    assert not (tmp_path / "run" / "losses.csv").exists()


def test_a_recipe_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    arguments = ["mini", str(tmp_path), "--run-dir", str(tmp_path / "run"), "--cache-dir", str(tmp_path)]
    result = CliRunner().invoke(build_train_app(), [*arguments, "--recipe", "quick"], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert "there is no recipe quick" in result.stderr
    assert "short-frozen-encoder" in result.stderr
    assert not (tmp_path / "run").exists()
