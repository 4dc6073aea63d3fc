"""The recipes differ where their names say, and nowhere else."""

from dataclasses import asdict

import pytest

from serving.model.config import MINI
from training.recipe import MINI_RECIPE, RECIPES


def test_the_full_recipe_ends_with_the_model_that_ships() -> None:
    assert RECIPES["full"] is MINI_RECIPE
    assert MINI_RECIPE.side == MINI.input_size


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("short-wide-colour", {"colour"}),
        ("short-even-sources", {"source_balance"}),
        ("short-frozen-encoder", {"encoder"}),
    ],
)
def test_a_variant_changes_one_thing(name: str, changed: set[str]) -> None:
    (plain,), (variant,) = RECIPES["short"].phases, RECIPES[name].phases
    before, after = asdict(plain), asdict(variant)
    assert {field for field in before if before[field] != after[field]} == changed
