import pytest

from assistant.changes import Painting
from assistant.errors import OperationUnreadableError
from assistant.masks.strokes import Stroke
from assistant.operations import BySize, FillHoles, Grow, Keep, Length, Threshold
from serving.errors import BoxEmptyError
from tests.fakes.messages import build_mask_answer
from ui.hand_changes import (
    MOST_CLICKS,
    MOST_STROKE_POINTS,
    change_step,
    read_painting,
    read_pointing,
    set_threshold,
)

LARGEST = Keep(BySize())
ANSWER = build_mask_answer("ships", operations=(Threshold(0.4), LARGEST, FillHoles()))


def test_a_step_is_removed_moved_and_set() -> None:
    assert change_step(ANSWER, 1, "remove", values={}).operations == (Threshold(0.4), FillHoles())
    assert change_step(ANSWER, 2, "move", to=1, values={}).operations == (Threshold(0.4), FillHoles(), LARGEST)
    smallest = change_step(ANSWER, 1, "set", values={"criterion.smallest": "true"})
    assert smallest.operations[1] == Keep(BySize(smallest=True))
    assert smallest.answer_id == ANSWER.id


@pytest.mark.parametrize(
    ("index", "change", "to"), [(3, "remove", -1), (-1, "remove", -1), (1, "move", 0), (1, "move", 9), (1, "turn", 2)]
)
def test_what_no_step_can_do_is_refused(index: int, change: str, to: int) -> None:
    with pytest.raises(OperationUnreadableError):
        change_step(ANSWER, index, change, to=to, values={})


def test_a_threshold_comes_first_and_there_is_one() -> None:
    steps = (Threshold(0.4), Grow(Length(2)))
    assert set_threshold(steps, 70) == (Threshold(0.7), Grow(Length(2)))
    assert set_threshold(steps, 50) == (Grow(Length(2)),)


@pytest.mark.parametrize(
    ("clicks", "box"),
    [
        ([{"x": 1, "y": 2}], None),
        (["here"], None),
        ([{"x": "nan", "y": 2, "is_positive": True}], None),
        ([], [1, 2, 3]),
        ([{"x": 1, "y": 1, "is_positive": True}] * (MOST_CLICKS + 1), None),
    ],
)
def test_a_place_that_is_none_is_refused(clicks: list[dict[str, object]], box: list[float] | None) -> None:
    with pytest.raises(OperationUnreadableError):
        read_pointing("a1", clicks, box)


def test_a_box_without_an_area_is_refused() -> None:
    with pytest.raises(BoxEmptyError):
        read_pointing("a1", [], [5, 5, 5, 9])


def test_strokes_are_read_as_they_were_drawn() -> None:
    rows = [{"path": [[1, 2], [3.5, 4]], "radius": 6, "is_adding": False}]
    assert read_painting("a1", rows) == Painting("a1", (Stroke(((1.0, 2.0), (3.5, 4.0)), 6.0, is_adding=False),))


@pytest.mark.parametrize(
    "strokes",
    [
        [],
        ["here"],
        [{"path": [[1, 2]], "radius": 3}],
        [{"path": [[1, 2]], "radius": 0, "is_adding": True}],
        [{"path": [[1]], "radius": 3, "is_adding": True}],
        [{"path": [], "radius": 3, "is_adding": True}],
        [{"path": [[1, 2]] * (MOST_STROKE_POINTS + 1), "radius": 3, "is_adding": True}],
    ],
)
def test_a_stroke_that_is_none_is_refused(strokes: list[dict[str, object]]) -> None:
    with pytest.raises(OperationUnreadableError):
        read_painting("a1", strokes)
