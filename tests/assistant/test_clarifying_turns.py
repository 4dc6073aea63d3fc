"""Words that no rule understands: the chat asks back, and goes on with the choice that is taken."""

from pathlib import Path

import pytest

from assistant.clarifying import MOST_CHOICES
from assistant.conversation import Message
from assistant.errors import ChoiceNotOfferedError
from assistant.events import Accepted, ChoicesOffered, Done, Failed, Moved, Stage, TextDelta
from assistant.intents import Segment
from assistant.making import Asked, Refined
from assistant.operations import Threshold
from assistant.replaying import replay_masks
from assistant.turn_request import ChoiceTaken
from serving.cancellation import Cancellation
from serving.errors import LanguageUnavailableError
from tests.assistant.pictures import write_picture
from tests.assistant.test_moving_turns import BranchTalk
from tests.assistant.test_refining_turns import BOXES

UNCLEAR = "these tiny bits bother me"


@pytest.fixture
def talk(tmp_path: Path) -> BranchTalk:
    talk = BranchTalk(write_picture(tmp_path, boxes=BOXES))
    talk.say("red boxes")
    return talk


def number_of(offer: Message, text: str) -> int:
    return [choice.text for choice in offer.choices].index(text) + 1


def choose(talk: BranchTalk, offer: Message, text: str) -> Message:
    return talk.ask("", choice=ChoiceTaken(offer.id, number_of(offer, text)))


def test_the_question_back_offers_a_few_choices_and_the_image_is_not_looked_at(talk: BranchTalk) -> None:
    offer = talk.say(UNCLEAR)
    assert [type(event) for event in talk.events] == [Accepted, Stage, TextDelta, ChoicesOffered, Done]
    assert talk.events[3] == ChoicesOffered(offer.choices)
    assert (talk.engine.questions, talk.engine.rated) == (["Segment all the red boxes."], [UNCLEAR])
    assert offer.text == f"I am not sure what you mean by “{UNCLEAR}”. Did you mean one of these?"
    assert len(offer.choices) == MOST_CHOICES
    assert {"remove the specks", "remove the small ones"} <= {choice.text for choice in offer.choices}
    assert offer.choices[-1].intent == Segment(UNCLEAR)
    assert (offer.facts, offer.mask_digest) == (None, None)


def test_the_choice_that_is_taken_is_done_as_if_it_had_been_said(talk: BranchTalk) -> None:
    answer = choose(talk, talk.say(UNCLEAR), "remove the small ones")
    said = talk.shown()
    assert said == ["red boxes", UNCLEAR, "remove the small ones"]
    assert isinstance(answer.making, Refined)
    assert answer.question == "red boxes, remove the small ones"
    kept = talk.marked(answer)
    talk.go("undo that")
    assert talk.marked(talk.say("remove the small ones")) == kept


def test_a_choice_is_taken_in_words_or_by_its_number_too(talk: BranchTalk) -> None:
    offer = talk.say(UNCLEAR)
    by_words = talk.say("Remove the small ones.")
    assert by_words.operations
    talk.history.move_pointer("ada", str(talk.conversation_id), offer.id)
    by_number = talk.say(str(number_of(offer, "remove the small ones")))
    assert by_number.operations == by_words.operations
    assert talk.shown()[-1] == "remove the small ones"


def test_a_number_is_a_question_where_nothing_is_offered(talk: BranchTalk) -> None:
    assert isinstance(talk.say("2").making, Asked)


def test_the_new_question_is_put_to_the_image_word_for_word_and_never_asked_back_again(talk: BranchTalk) -> None:
    words = "those are blue, too blue"
    question = choose(talk, talk.say(words), words)
    assert talk.engine.questions[-1] == words
    assert question.question == words
    assert question.parent_id is not None
    again = talk.ask("", retry_of=question.parent_id)
    assert isinstance(again.making, Asked)
    refined = talk.say("only the largest")
    assert refined.question == f"{words}, only the largest"


def test_a_move_that_is_chosen_is_made(talk: BranchTalk) -> None:
    talk.say("only the largest")
    offer = talk.say("no, that is worse")
    moved = talk.turn(choice=ChoiceTaken(offer.id, number_of(offer, "undo that")))
    assert isinstance(moved, Moved)
    assert talk.shown() == ["red boxes"]


def test_another_choice_afterwards_begins_a_branch(talk: BranchTalk) -> None:
    offer = talk.say(UNCLEAR)
    choose(talk, offer, "remove the small ones")
    choose(talk, offer, "remove the specks")
    assert talk.shown() == ["red boxes", UNCLEAR, "remove the specks"]


def test_a_choice_that_is_not_offered_is_refused_in_a_sentence_and_nothing_is_stored(talk: BranchTalk) -> None:
    offer = talk.say(UNCLEAR)
    count = talk.count()
    for number in (0, -1, len(offer.choices) + 1):
        failed = talk.turn(choice=ChoiceTaken(offer.id, number))
        assert isinstance(failed, Failed)
        assert failed.sentence == str(ChoiceNotOfferedError(count=len(offer.choices)))
    assert talk.count() == count


def test_without_the_language_model_the_choices_stand_in_the_order_of_the_rules(talk: BranchTalk) -> None:
    talk.engine.failure = LanguageUnavailableError("The language engine is down.")
    offer = talk.say("it looks frayed")
    assert offer.choices[0].text == "smooth the outline"
    assert len(offer.choices) == MOST_CHOICES


def test_the_model_orders_what_has_no_cue_and_never_passes_a_cue(talk: BranchTalk) -> None:
    offer = talk.say("it looks frayed, holes or not: how many are there in it")
    # The fake engine rates by the words that are shared: “invert it” shares “it”.
    assert {choice.text for choice in offer.choices[:3]} == {
        "how many are there?",
        "fill the holes",
        "smooth the outline",
    }
    question_back = talk.say("it might invert more")
    assert question_back.choices[0].text == "invert it"


def test_stop_ends_a_question_back(talk: BranchTalk) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    failed = talk.turn(UNCLEAR, cancellation=cancellation)
    assert isinstance(failed, Failed)
    assert failed.message is not None
    assert failed.message.status == "stopped"


def test_small_talk_gets_a_sentence_and_no_choices(talk: BranchTalk) -> None:
    answer = talk.say("thanks!")
    assert answer.text.startswith("I mark things in this image.")
    assert answer.choices == ()
    assert (talk.engine.questions, talk.engine.rated) == (["Segment all the red boxes."], [])


def test_an_outline_that_was_held_back_can_be_looked_at(talk: BranchTalk) -> None:
    nothing = talk.say("doubtful red boxes")
    assert (nothing.mask_digest, [choice.text for choice in nothing.choices]) == (None, ["Show what comes closest"])
    assert "You could look at what comes closest, " in nothing.text
    assert [type(event) for event in talk.events][-2:] == [ChoicesOffered, Done]
    shown = choose(talk, nothing, "Show what comes closest")
    assert shown.text.startswith(
        "The model doubts that anything here matches “doubtful red boxes”; this is what comes closest. Found "
    )
    assert shown.text.endswith("please check the outline against the image.")
    assert (shown.question, shown.operations) == ("doubtful red boxes", (Threshold(0.5),))
    assert talk.marked(shown) == talk.marked(talk.say("red boxes"))
    assert talk.shown() == ["red boxes", "doubtful red boxes", "Show what comes closest", "red boxes"]


def test_what_was_shown_is_worked_on_like_any_mask_and_made_again_bit_for_bit(talk: BranchTalk) -> None:
    shown = choose(talk, talk.say("doubtful red boxes"), "Show what comes closest")
    largest = talk.say("only the largest")
    assert 0 < talk.marked(largest) < talk.marked(shown)
    assert largest.question == "doubtful red boxes, only the largest"
    tree = talk.history.load_tree("ada", str(talk.conversation_id))
    replayed = list(replay_masks(talk.engine, talk.history, "ada", tree))
    assert [one.differing_px for one in replayed] == [0] * len(replayed)
    again = talk.ask("", retry_of=shown.parent_id)
    assert (again.operations, talk.marked(again)) == (shown.operations, talk.marked(shown))


def test_where_nothing_was_held_back_nothing_is_offered(talk: BranchTalk) -> None:
    nothing = talk.say("green boxes")
    assert (nothing.choices, "comes closest" in nothing.text) == ((), False)


def test_specks_that_were_held_back_are_not_offered(tmp_path: Path) -> None:
    talk = BranchTalk(write_picture(tmp_path, boxes=(("red", (3, 3, 4, 4)),)))
    assert talk.say("doubtful red boxes").choices == ()
