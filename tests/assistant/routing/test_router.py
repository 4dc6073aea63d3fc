import pytest

from assistant.intents import Ask, Segment, Topic
from assistant.routing.router import route


def test_a_follow_up_on_an_answer_asks_about_it() -> None:
    assert route("How many are there?", has_answer=True) == Ask(Topic.COUNT, "How many are there?")


@pytest.mark.parametrize("text", ["How many are there?", "where is it?", "how sure are you?", "where are the ships?"])
def test_without_an_answer_everything_is_put_to_the_image(text: str) -> None:
    assert route(text, has_answer=False) == Segment(text)


def test_a_named_thing_is_put_to_the_image_although_there_is_an_answer() -> None:
    assert route("How many airplanes are there?", has_answer=True) == Segment("How many airplanes are there?")
