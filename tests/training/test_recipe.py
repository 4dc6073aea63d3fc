"""The recipes differ where their names say, and nowhere else."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from serving.model.checkpoint import load_config
from serving.model.config import MINI
from training.mini import count_trained_phases
from training.recipe import MINI_RECIPE, RECIPES

SHIPPED = Path(__file__).parents[2] / "models" / "mini"


def test_the_full_recipe_ends_with_the_model_that_ships() -> None:
    assert RECIPES["full"] is MINI_RECIPE
    assert MINI_RECIPE.side == MINI.input_size
    for phase, shipped in zip(MINI_RECIPE.phases, load_config(SHIPPED).training["recipe"]["phases"], strict=True):
        assert asdict(phase) == asdict(replace(phase, **shipped)), "what was trained with is what stands here"


def test_the_model_that_ships_can_be_trained_further() -> None:
    further = RECIPES["further"]
    assert further.phases[: len(MINI_RECIPE.phases)] == MINI_RECIPE.phases
    assert count_trained_phases(load_config(SHIPPED), further) == len(MINI_RECIPE.phases)
    assert further.side == MINI.input_size
    names = [phase.name for phase in further.phases]
    assert {name for name, _ in further.averaged} <= set(names)
    assert sum(share for _, share in further.averaged) == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("short-wide-colour", {"colour"}),
        ("short-even-sources", {"source_balance"}),
        ("short-frozen-encoder", {"encoder"}),
        ("short-mixed", {"mosaic_share", "absent_share"}),
    ],
)
def test_a_variant_changes_one_thing(name: str, changed: set[str]) -> None:
    (plain,), (variant,) = RECIPES["short"].phases, RECIPES[name].phases
    before, after = asdict(plain), asdict(variant)
    assert {field for field in before if before[field] != after[field]} == changed
