"""An answer's mask is the stored one, or the empty one of its image; without an image there is none."""

from pathlib import Path

import pytest

from assistant.errors import MaskNotFoundError, MessageNotFoundError
from assistant.marked import load_marked, mark_nothing
from serving.grid import Grid
from tests.assistant.pictures import write_picture
from tests.assistant.test_moving_turns import BranchTalk
from tests.assistant.test_refining_turns import BOXES, OWNER


@pytest.fixture
def talk(tmp_path: Path) -> BranchTalk:
    return BranchTalk(write_picture(tmp_path, boxes=BOXES))


def test_a_found_thing_is_the_stored_mask(talk: BranchTalk) -> None:
    answer = talk.say("the red boxes")
    mask = load_marked(talk.history, OWNER, answer.id)
    assert answer.facts is not None
    assert mask.pixel_count == answer.facts.pixel_count > 0


def test_nothing_found_is_the_empty_mask_of_the_image(talk: BranchTalk) -> None:
    talk.say("the red boxes")
    answer = talk.say("only the ones larger than 500 pixels")
    assert answer.image is not None
    mask = load_marked(talk.history, OWNER, answer.id)
    assert mask.pixel_count == 0
    assert mask.grid == answer.image.grid


def test_a_question_has_no_mask(talk: BranchTalk) -> None:
    answer = talk.say("the red boxes")
    assert answer.parent_id is not None
    with pytest.raises(MaskNotFoundError):
        load_marked(talk.history, OWNER, answer.parent_id)


def test_somebody_else_finds_no_mask(talk: BranchTalk) -> None:
    answer = talk.say("the red boxes")
    with pytest.raises(MessageNotFoundError):
        load_marked(talk.history, "somebody else", answer.id)


def test_nothing_marks_no_pixel() -> None:
    mask = mark_nothing(Grid(3, 5))
    assert mask.pixels.shape == (3, 5)
    assert not mask.pixels.any()
