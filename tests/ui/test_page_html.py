from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.conversation import ConversationSummary
from ui.interfaces import Example
from ui.page_html import SHORTCUTS, format_age, name_period, render_dialogs, render_empty, render_history

NOW = datetime(2030, 6, 15, 12, tzinfo=UTC)
CONVERSATION = ConversationSummary("c1", "Ships & <b>boats</b>", NOW, NOW, message_count=2)


def test_titles_are_escaped_in_text_and_attributes() -> None:
    quoted = replace(CONVERSATION, title='"><script>alert(1)</script>')
    markup = render_history([quoted], current_id="", search="", now=NOW)
    assert "<script" not in markup
    assert '""' not in markup


def test_open_conversation_is_named_as_the_current_page() -> None:
    markup = render_history([CONVERSATION], current_id="c1", search="", now=NOW)
    assert markup.count('aria-current="page"') == 1


def test_conversation_is_a_link_that_another_tab_can_open() -> None:
    assert 'href="?c=c1"' in render_history([CONVERSATION], current_id="", search="", now=NOW)


def test_fruitless_search_says_what_was_looked_for() -> None:
    assert "Nothing found for “&lt;i&gt;”" in render_history([], current_id="", search="<i>", now=NOW)


def test_empty_page_offers_each_example_with_credit() -> None:
    examples = [Example(Path("a.png"), f"Question {n}?", f"Credit {n}", "A harbour") for n in range(4)]
    markup = render_empty(examples)
    assert [f"Question {n}?" in markup and f"Credit {n}" in markup for n in range(4)] == [True] * 4
    assert markup.count('data-action="example"') == 4


def test_shortcut_list_names_every_key() -> None:
    markup = render_dialogs()
    assert all(f"<kbd>{key}</kbd>" in markup for key, _ in SHORTCUTS)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-5), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=23), "23 h"),
        (timedelta(days=6), "6 d"),
        (timedelta(days=40), "6 May 2030"),
    ],
)
def test_age_is_said_in_a_word_or_two(age: timedelta, words: str) -> None:
    assert format_age(NOW - age, NOW) == words


@pytest.mark.parametrize(
    ("days", "heading"), [(-1, "Today"), (0, "Today"), (1, "Yesterday"), (6, "This week"), (7, "Earlier")]
)
def test_conversations_stand_under_their_day(days: int, heading: str) -> None:
    assert name_period(NOW - timedelta(days=days), NOW) == heading
