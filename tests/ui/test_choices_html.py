"""What a question back offers is a row of buttons while it waits, and plain chips afterwards."""

from assistant.intents import Choice, Refine, Segment, ShowClosest
from assistant.operations import Invert
from tests.fakes.messages import build_answer, build_mask_answer, build_question
from ui.choices_html import render_choices
from ui.message_html import render_transcript

CHOICES = (
    Choice("invert it", Refine((Invert(),), "invert it")),
    Choice('<b>"the rest"</b>', Segment('<b>"the rest"</b>')),
)
OFFER = build_answer("I am not sure what you mean.", choices=CHOICES)


def test_each_choice_is_a_button_that_names_message_and_number() -> None:
    html = render_choices(OFFER, is_open=True)
    assert html.count("<button") == 2
    assert 'data-action="choose" data-message="a1" data-number="1">Invert it</button>' in html
    assert 'role="group" aria-label="What did you mean?"' in html


def test_a_new_question_says_so_and_what_was_typed_is_no_markup() -> None:
    html = render_choices(OFFER, is_open=True)
    assert "Look for “&lt;b&gt;&#34;the rest&#34;&lt;/b&gt;” in the image" in html
    assert "<b>" not in html


def test_an_answer_that_found_nothing_asks_for_no_meaning() -> None:
    nothing = build_mask_answer("lakes", choices=(Choice("Show what comes closest", ShowClosest("lakes")),))
    html = render_choices(nothing, is_open=True)
    assert 'data-number="1">Show what comes closest</button>' in html
    assert 'aria-label="What you could do"' in html


def test_a_message_without_choices_has_no_row() -> None:
    assert render_choices(build_answer("Found nothing."), is_open=True) == ""


def test_only_the_last_message_of_an_idle_conversation_can_be_answered_by_a_click() -> None:
    messages = [build_question("the rest looks odd"), OFFER]
    assert 'data-action="choose"' in render_transcript(messages, "c1", is_busy=False)
    for gone_on in (
        render_transcript(messages, "c1", is_busy=True),
        render_transcript([*messages, build_question("invert it"), build_answer("Done.")], "c1", is_busy=False),
    ):
        assert 'data-action="choose"' not in gone_on
        assert '<span class="chip is-past">Invert it</span>' in gone_on
