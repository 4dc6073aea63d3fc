from dataclasses import replace

from assistant.conversation import Message, Status
from assistant.making import Making, Painted, Pointed, Revised
from assistant.masks.strokes import Stroke
from serving.clicks import Box, Click
from tests.fakes.messages import IMAGE, build_answer, build_mask_answer, build_question
from ui.folding import ByHand, describe_changes, fold_messages

CLICK = Click(3, 8, is_positive=True)
QUESTION = build_question("Where?", image=IMAGE)
ANSWER = build_mask_answer("Where?")


def named(name: str, message: Message) -> Message:
    return replace(message, id=name)


def by_hand(name: str, on: str) -> tuple[Message, Message]:
    """Return what a person did to the answer `on`, and what it came to, called `name`."""
    wish = named(f"wish-{name}", build_question("Add what is at 3, 8", mask_parents=(on,)))
    return wish, named(name, build_mask_answer("Where?", making=Pointed((CLICK,)), mask_parents=(on,)))


def failed(name: str, on: str) -> tuple[Message, Message]:
    wish, _ = by_hand(name, on)
    return wish, named(name, build_answer("A click lies beside the image.", status=Status.FAILED))


def ids(*messages: Message) -> list[str]:
    return [one.message.id for one in fold_messages(messages)]


def test_what_is_done_by_hand_in_a_row_takes_the_place_of_its_answer() -> None:
    first, second = by_hand("b", on="a1"), by_hand("c", on="b")
    seen = fold_messages([QUESTION, ANSWER, *first, *second])
    assert [one.message.id for one in seen] == ["q1", "c"]
    assert seen[1].root_id == "a1"
    assert seen[1].changes == (ByHand(*first), ByHand(*second))


def test_words_in_between_begin_a_new_answer() -> None:
    said = named("q2", build_question("only the largest"))
    refined = named("a2", build_mask_answer("Where?"))
    seen = ids(QUESTION, ANSWER, *by_hand("b", on="a1"), said, refined, *by_hand("c", on="a2"))
    assert seen == ["q1", "b", "q2", "c"]


def test_a_change_of_an_earlier_answer_stands_below_what_was_said_since() -> None:
    said = named("q2", build_question("How many are there?"))
    told = named("a2", build_answer("Three."))
    first, second = by_hand("b", on="a1"), by_hand("c", on="b")
    assert ids(QUESTION, ANSWER, said, told, *first, *second) == ["q1", "a1", "q2", "a2", "wish-b", "c"]


def test_what_failed_by_hand_is_seen_until_it_is_done_right() -> None:
    assert ids(QUESTION, ANSWER, *failed("b", on="a1")) == ["q1", "a1", "wish-b", "b"]
    assert ids(QUESTION, ANSWER, *failed("b", on="a1"), *by_hand("c", on="a1")) == ["q1", "c"]


def test_a_bare_image_stays_above_the_mask_made_by_hand_in_it() -> None:
    upload, greeting = build_question("", image=IMAGE), build_answer("Here it is.", image=IMAGE)
    first, second = by_hand("b", on="q1"), by_hand("c", on="b")
    seen = fold_messages([upload, greeting, *first, *second])
    assert [one.message.id for one in seen] == ["q1", "a1", "c"]
    assert (seen[2].root_id, len(seen[2].changes)) == ("b", 2)


def test_changes_are_counted_by_their_kind() -> None:
    wish, answer = by_hand("b", on="a1")
    stroke = Stroke(((1.0, 2.0),), 3.0, is_adding=True)
    made: list[Making] = [
        Pointed((CLICK, CLICK), earlier=(CLICK,)),
        Pointed((CLICK,), Box(0, 0, 2, 2)),
        Painted((stroke,)),
        Revised(()),
    ]
    changes = [ByHand(wish, replace(answer, making=making)) for making in made]
    assert describe_changes(changes) == "3 clicks, 1 box, 1 brush stroke, 1 change of its steps"
    assert describe_changes(changes[:1]) == "2 clicks"
