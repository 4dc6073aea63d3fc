import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import OperationUnreadableError
from assistant.making import Asked, Compared, Making, Painted, Picked, Pointed, Refined, Revised
from assistant.making_json import from_tree, to_tree
from assistant.masks.comparison import Fate
from assistant.masks.strokes import Stroke
from assistant.operations import BySize, Keep, Subtract, Threshold
from serving.clicks import Box, Click

OPERATIONS = st.lists(st.sampled_from([Keep(BySize()), Subtract("the ships"), Threshold(0.3)]), max_size=3).map(tuple)
FATES = st.lists(st.sampled_from(Fate), min_size=1, unique=True).map(tuple)
PLACES = st.floats(-1e6, 1e6)
CLICKS = st.lists(st.builds(Click, PLACES, PLACES, is_positive=st.booleans()), max_size=3).map(tuple)
BOXES = st.none() | st.builds(lambda x, y, side: Box(x, y, x + side, y + side), PLACES, PLACES, st.floats(1, 1e6))

PATHS = st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=3).map(tuple)
STROKES = st.lists(st.builds(Stroke, PATHS, st.floats(0.1, 1e4), st.booleans()), max_size=3).map(tuple)


@given(
    st.builds(Asked, st.text(), OPERATIONS)
    | st.builds(Refined, OPERATIONS)
    | st.builds(Revised, OPERATIONS)
    | st.builds(Pointed, CLICKS, BOXES, CLICKS)
    | st.builds(Painted, STROKES)
    | st.builds(Compared, st.text(), st.text(), OPERATIONS, st.text(), FATES)
    | st.builds(Picked, FATES)
)
def test_how_a_mask_was_made_comes_back_to_the_last_digit(making: Making) -> None:
    assert from_tree(json.loads(json.dumps(to_tree(making)))) == making


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"by": "magic"},
        {"by": "asked", "operations": []},
        {"by": "refined", "operations": [{"op": "fly"}]},
        {"by": "picked", "fates": ["forgotten"]},
    ],
)
def test_what_is_no_making_is_refused(tree: dict[str, object]) -> None:
    with pytest.raises(OperationUnreadableError):
        from_tree(tree)


def test_pointing_that_was_stored_before_clicks_were_told_again_has_no_earlier_ones() -> None:
    stored = {"by": "pointed", "clicks": [[12.5, 7.0, True]], "box": None}
    assert from_tree(stored) == Pointed((Click(12.5, 7.0, is_positive=True),))
