import pytest

from assistant.intents import Ask, Clarify, Command, CommandKind, Refine, Segment, Topic
from assistant.operations import AtPoint, ImageChoice, Remove, RepeatInImage
from assistant.routing.replies import POINT_AT_IT
from assistant.routing.router import route


def test_before_any_answer_what_names_a_thing_is_put_to_the_image() -> None:
    for text in ("without the ships", "the ships too", "it looks frayed"):
        assert route(text, has_answer=False) == Segment(text)


@pytest.mark.parametrize(
    "text",
    ["the same here", "now the same", "Same again, please", "and in this one?", "how many are there?", "where is it"],
)
def test_in_a_second_image_the_same_can_be_asked_for_in_a_word(text: str) -> None:
    assert route(text, has_answer=False, has_answer_elsewhere=True) == Refine((RepeatInImage(ImageChoice.THIS),), text)
    assert not isinstance(route(text, has_answer=False), Refine)


def test_after_an_answer_a_follow_up_is_about_the_marks() -> None:
    assert route("how big is it?", has_answer=True) == Ask(Topic.AREA, "how big is it?")


def test_after_an_answer_a_new_question_is_put_to_the_image_word_for_word() -> None:
    text = "  Where are the SHIPS?  "
    assert route(text, has_answer=True) == Segment(text)


def test_pointing_words_go_with_the_click_and_without_one_are_asked_back() -> None:
    assert route("remove that one", has_answer=True, point_xy_px=(3.0, 4.0)) == Refine(
        (Remove(AtPoint((3.0, 4.0))),), "remove that one"
    )
    assert route("remove that one", has_answer=True) == Clarify(POINT_AT_IT)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("how many of them are in the left half?", "only those in the left half"),
        ("How many are there near the road?", "only those near the road"),
        ("and how many are larger than 500 m2?", "only those larger than 500 m2"),
        ("Is any of them in the left half?", "only those in the left half"),
        ("is anything in the top left corner?", "only those in the top left corner"),
        ("are they bigger than 100 m2?", "only those bigger than 100 m2"),
        ("do they overlap with the water?", "only those touching the water"),
        ("which is further north?", "the northernmost"),
        ("what is the smallest one's area?", "only the smallest"),
        ("give me the coordinates of the largest one", "only the largest"),
        ("where is the largest?", "only the largest"),
        ("I only care about those in the upper half", "only those in the upper half"),
        ("give it a buffer of about 10px", "grow it by 10 px"),
        ("take the pools out of that", "without the pools"),
        ("add parking lots to it as well", "add parking lots"),
        ("join the pieces of the road together", "join the parts"),
        ("close the small gaps in it", "fill the holes"),
    ],
)
def test_a_count_of_some_of_the_marks_leaves_these_marked(text: str, wish: str) -> None:
    counted, wished = route(text, has_answer=True), route(wish, has_answer=True)
    assert isinstance(counted, Refine)
    assert isinstance(wished, Refine)
    assert counted.operations == wished.operations


def test_a_count_of_things_is_put_to_the_image() -> None:
    for text in ("how many ships are in the left half?", "how many ships are there?"):
        assert route(text, has_answer=True) == Segment(text)


def test_a_click_changes_nothing_for_words_that_do_not_point() -> None:
    text = "without the ships"
    assert route(text, has_answer=True, point_xy_px=(3.0, 4.0)) == route(text, has_answer=True)


def test_moves_among_answers_are_commands() -> None:
    assert route("undo twice", has_answer=True) == Command(CommandKind.UNDO, steps=2)


@pytest.mark.parametrize(
    "text", ["", " ", "?", "...", "the", "and", "only", "without", "x" * 5000, "(((", "\\d+", "🚢"]
)
def test_no_text_breaks_the_router(text: str) -> None:
    assert isinstance(route(text, has_answer=True), Segment | Ask | Clarify | Refine | Command)
