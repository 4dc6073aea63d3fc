"""Masks are made again from how they were made, and from no stored mask."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.changes import Painting, Pointing, Revision
from assistant.masks.strokes import Stroke
from assistant.operations import BySize, Keep, Threshold
from assistant.replaying import Replayed, replay_masks
from serving.cancellation import Cancellation
from serving.clicks import Box, Click
from serving.image_ref import ImageRef
from serving.prediction import Prediction
from tests.assistant.pictures import write_picture
from tests.assistant.test_moving_turns import BranchTalk
from tests.assistant.test_refining_turns import BOXES, OWNER
from tests.fakes.engine import FakeEngine


class OtherEngine(FakeEngine):
    """Other weights, which see blue where red was asked for."""

    @property
    def model_digest(self) -> str:
        return "other"

    def segment(
        self, image: ImageRef, question: str, *, cancellation: Cancellation, report_stage: Callable[[str], None]
    ) -> Prediction:
        return super().segment(
            image, question.replace("red", "blue"), cancellation=cancellation, report_stage=report_stage
        )


@pytest.fixture
def talk(tmp_path: Path) -> BranchTalk:
    return BranchTalk(write_picture(tmp_path, boxes=BOXES))


def replay(talk: BranchTalk, engine: FakeEngine | None = None) -> Sequence[Replayed]:
    tree = talk.history.load_tree(OWNER, str(talk.conversation_id))
    return list(replay_masks(engine or FakeEngine(), talk.history, OWNER, tree))


def test_masks_of_every_kind_and_branch_come_out_the_same(talk: BranchTalk, tmp_path: Path) -> None:
    first = talk.say("the red boxes in the top half")
    refined = talk.say("and the blue strip too")
    pointed = talk.ask("", change=Pointing(refined.id, (Click(20.0, 15.0, is_positive=True),)))
    boxed = talk.ask("", change=Pointing(first.id, (Click(3.0, 3.0, is_positive=False),), Box(28, 2, 38, 10)))
    revised = talk.ask("", change=Revision(pointed.id, (Threshold(0.3), Keep(BySize()))))
    talk.go("go back to the first")
    branch = talk.ask("only the smallest")
    nothing = talk.ask("only the ones larger than 500 pixels")
    other = talk.say("now the same in the first image", image=write_picture(tmp_path, name="other.png"))
    talk.ask("how many are there?")
    replayed = replay(talk)
    assert {one.message.id for one in replayed} == {
        message.id for message in (first, refined, pointed, boxed, revised, branch, nothing, other)
    }
    assert [(one.differing_px, one.is_same_model) for one in replayed] == [(0, True)] * len(replayed)


def test_clicks_in_a_row_strokes_and_masks_from_nothing_come_out_the_same(talk: BranchTalk, tmp_path: Path) -> None:
    absent = talk.say("green lawns")
    painted = talk.ask("", change=Painting(absent.id, (Stroke(((4.0, 20.0), (30.0, 25.0)), 2.5, is_adding=True),)))
    # No confidence was kept where nothing was found, so that none of the model's shows below half.
    revised = talk.ask("", change=Revision(painted.id, (Threshold(0.01),)))
    clicked = talk.ask("", change=Pointing(revised.id, (Click(20.0, 25.0, is_positive=True),)))
    talk.ask("", change=Pointing(clicked.id, (Click(20.0, 25.0, is_positive=False), Click(3, 3, is_positive=True))))
    bare = talk.add_image(write_picture(tmp_path, name="other.png", boxes=BOXES))
    by_hand = talk.ask("", change=Painting(bare.id, (Stroke(((4.0, 20.0),), 2.5, is_adding=True),)))
    talk.ask("", change=Pointing(by_hand.id, (Click(3.0, 3.0, is_positive=True),)))
    assert by_hand.model_digest is None
    replayed = replay(talk)
    assert [(one.differing_px, one.is_same_model) for one in replayed] == [(0, True)] * 7


def test_other_weights_are_said_and_their_difference_counted_down_to_what_was_built_on_it(talk: BranchTalk) -> None:
    talk.say("red boxes")
    talk.say("only the largest")
    first, second = replay(talk, OtherEngine())
    assert (first.is_equal, first.is_same_model, first.differing_px) == (False, False, 96 + 120)
    assert second.differing_px == 80 + 120


def test_answers_from_before_makings_were_kept_cannot_be_made_again(talk: BranchTalk) -> None:
    first = talk.say("red boxes")
    stored = talk.history._conversations[first.conversation_id].messages
    stored[stored.index(first)] = replace(first, making=None)
    talk.say("only the largest")
    assert [(one.differing_px, one.is_equal) for one in replay(talk)] == [(None, False), (None, False)]


def test_a_conversation_without_answers_has_nothing_to_make_again(talk: BranchTalk) -> None:
    talk.conversation_id = talk.history.create_conversation(OWNER, "empty").id
    assert replay(talk) == []
