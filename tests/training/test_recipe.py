"""The recipes differ where their names say, and nowhere else."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from serving.model.checkpoint import load_config
from serving.model.config import MINI
from training.mini import configure, count_trained_phases
from training.recipe import MINI_RECIPE, RECIPES

SHIPPED = Path(__file__).parents[2] / "models" / "mini"


def test_the_full_recipe_ends_with_the_model_that_ships() -> None:
    assert RECIPES["full"] is MINI_RECIPE
    assert MINI_RECIPE.side == MINI.input_size
    for phase, shipped in zip(MINI_RECIPE.phases, load_config(SHIPPED).training["recipe"]["phases"], strict=True):
        stands_here = json.loads(json.dumps(asdict(phase)))
        assert stands_here == {**stands_here, **shipped}, "what was trained with is what stands here"


def test_the_model_that_ships_can_be_trained_further() -> None:
    further = RECIPES["further"]
    assert further.phases[: len(MINI_RECIPE.phases)] == MINI_RECIPE.phases
    assert count_trained_phases(load_config(SHIPPED), further) == len(MINI_RECIPE.phases)
    assert further.side == MINI.input_size
    still_needed = further.list_averaged_phases(len(MINI_RECIPE.phases))
    assert still_needed == {"start", "further"}, "nothing that only the first training's own folder has"


def test_a_closer_look_keeps_the_visual_tokens_that_the_language_model_knows() -> None:
    finer = RECIPES["finer"]
    assert finer.phases[: len(MINI_RECIPE.phases)] == MINI_RECIPE.phases
    assert (finer.side, finer.language_side) == (640, MINI.input_size)
    assert configure(finer).compressor == MINI.compressor


@pytest.mark.parametrize("name", ["full", "further", "finer"])
def test_a_mean_is_of_phases_that_come_before(name: str) -> None:
    recipe = RECIPES[name]
    before = {"start"}
    for phase in recipe.phases:
        assert {part for part, _ in phase.begins_with} <= before
        assert not phase.begins_with or sum(share for _, share in phase.begins_with) == pytest.approx(1)
        before.add(phase.name)
    assert {part for part, _ in recipe.averaged} <= before
    assert not recipe.averaged or sum(share for _, share in recipe.averaged) == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("short-wide-colour", {"colour"}),
        ("short-even-sources", {"source_balance"}),
        ("short-frozen-encoder", {"encoder"}),
        ("short-mixed", {"mosaic_share", "absent_share"}),
        ("short-more-bce", {"loss_weights"}),
        ("short-more-dice", {"loss_weights"}),
        ("short-joint-frozen", {"language"}),
    ],
)
def test_a_variant_of_the_last_phase_changes_one_thing(name: str, changed: set[str]) -> None:
    plain, variant = RECIPES["short-joint" if name.startswith("short-joint") else "short"], RECIPES[name]
    assert replace(variant, name=plain.name, phases=plain.phases) == plain
    assert variant.phases[:-1] == plain.phases[:-1]
    before, after = asdict(plain.phases[-1]), asdict(variant.phases[-1])
    assert {field for field in before if before[field] != after[field]} == changed


@pytest.mark.parametrize(
    ("name", "plain", "changed"),
    [
        ("short-one-layer", "short", {"mask_decoder": {"layers": 1}}),
        ("short-six-layers", "short", {"mask_decoder": {"layers": 6}}),
        ("short-joint-rank-2", "short-joint", {"language": {"lora_rank": 2}}),
        ("short-joint-rank-32", "short-joint", {"language": {"lora_rank": 32}}),
        ("short-joint-more-tokens", "short-joint", {"compressor": {"halvings": 1}}),
        ("short-joint-fewer-tokens", "short-joint", {"compressor": {"halvings": 3}}),
    ],
)
def test_a_variant_of_the_model_changes_one_part(name: str, plain: str, changed: dict[str, dict[str, int]]) -> None:
    assert RECIPES[name].phases == RECIPES[plain].phases
    before, after = configure(RECIPES[plain]), configure(RECIPES[name])
    parts = {part: replace(getattr(before, part), **fields) for part, fields in changed.items()}
    assert replace(before, **parts) == after != before


def test_a_table_is_not_asked_in_other_words() -> None:
    with pytest.raises(ValueError, match="phase table: a table has no descriptions"):
        replace(MINI_RECIPE.phases[0], paraphrase_share=0.5)
    with pytest.raises(ValueError, match="phase table: a table has no descriptions"):
        replace(MINI_RECIPE.phases[0], part_share=0.5)


def test_places_are_taught_from_kept_descriptions() -> None:
    with pytest.raises(ValueError, match="phase masks: the place prior is taught from kept descriptions"):
        replace(MINI_RECIPE.phases[3], fits_places=True)
