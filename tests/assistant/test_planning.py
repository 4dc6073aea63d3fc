import numpy as np
import pytest

from assistant.operations import BySize, Keep
from assistant.planning import Plan, add_seconds, carry_out, plan_question, plan_thing
from evaluation.reading.routing import Reading, read_compound
from serving.mask import Mask
from serving.prediction import Prediction
from tests.assistant.masks.strategies import draw_mask

SCENE = {
    "Segment all the ships.": "##....#\n##....#",
    "Segment all the piers.": "...#...\n.......",
    "Segment all the cranes.": ".......\n.......",
}


@pytest.mark.parametrize("reading", read_compound(), ids=lambda reading: reading.text)
def test_a_compound_question_is_a_class_and_operations_and_any_other_is_left_alone(reading: Reading) -> None:
    assert reading.read == reading.expected


class Model:
    """Answers the questions of SCENE, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask(self, question: str) -> Prediction:
        self.asked.append(question)
        mask = draw_mask(SCENE[question])
        logits = np.where(mask.pixels, np.float32(3), np.float32(-3))
        return Prediction(mask, logits, 0.9, mask.pixel_count > 0, {"decode": 1.0}, "digest")


def test_a_plain_question_is_put_as_it_is() -> None:
    assert plan_question("Where could a ship moor?") == Plan("Where could a ship moor?", None, ())


def test_all_that_a_plan_needs_is_asked_and_its_seconds_add_up() -> None:
    model = Model()
    outcome = carry_out(plan_question("the ship right of the largest pier"), model.ask)
    assert model.asked == ["Segment all the ships.", "Segment all the piers."]
    np.testing.assert_array_equal(outcome.mask.pixels, draw_mask("......#\n......#").pixels)
    assert outcome.seconds == {"decode": 2.0}
    assert outcome.missing == ()


def test_an_outline_that_is_held_back_is_used_where_words_presume_the_thing() -> None:
    logits = np.array([[2.0, -1.0, -1.0, 2.0, 2.0]], dtype=np.float32)
    nothing = Mask(np.zeros((1, 5), dtype=np.bool_), draw_mask(".....").grid)
    doubtful = Prediction(nothing, logits, 0.6, False, {}, "digest")
    outcome = carry_out(plan_question("the largest ship"), lambda _: doubtful)
    assert outcome.mask.pixels.tolist() == [[False, False, False, True, True]]
    assert outcome.score == pytest.approx(0.4)
    for picks_nothing in ("ships", "ships and cranes"):
        assert carry_out(plan_question(picks_nothing), lambda _: doubtful).mask.pixel_count == 0


def test_things_that_are_not_there_are_named() -> None:
    outcome = carry_out(plan_question("the ships near the cranes"), Model().ask)
    assert (outcome.missing, outcome.mask.pixel_count) == (("the cranes",), 0)


def test_questions_within_questions_come_to_an_end() -> None:
    deep = plan_thing("the largest ship", compound=False)
    assert (deep.question, deep.operations) == ("Segment all the largest ships.", (Keep(BySize()),))
    assert plan_thing("the largest ship").operations == (Keep(BySize()),)


def test_one_thing_is_one_part_and_what_extends_is_all_of_it() -> None:
    assert plan_thing("the pier").operations == (Keep(BySize()),)
    for several in ("the piers", "the road", "piers", "the water"):
        assert plan_thing(several).operations == ()


def test_seconds_of_each_stage_add_up() -> None:
    assert add_seconds({"read": 1.0}, {"read": 0.5, "decode": 2.0}) == {"read": 1.5, "decode": 2.0}
