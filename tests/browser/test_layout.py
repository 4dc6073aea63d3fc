"""How the page sits in its window, and how keys drive it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.driving import PHONE, ask, attach, history_links, open_home, overlays, question_box
from tests.fakes.pages import ServedPage, write_red_box

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(browser: Browser, served: ServedPage) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_home(page, served)
    yield page
    context.close()


def assert_no_sideways_scrolling(page: Page) -> None:
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1], f"the page is {widths[0]} px wide in a window of {widths[1]} px"
    inner = page.evaluate(
        "(({scrollWidth, clientWidth}) => [scrollWidth, clientWidth])(document.querySelector('#scroller'))"
    )
    assert inner[0] <= inner[1], f"the conversation is {inner[0]} px wide in {inner[1]} px"


def test_phone_never_scrolls_sideways(phone: Page, tmp_path: Path) -> None:
    assert_no_sideways_scrolling(phone)
    attach(phone, write_red_box(tmp_path / f"{'long-name-' * 12}.png", height=40, width=400))
    ask(phone, "red" * 100)
    expect(overlays(phone)).to_have_count(1)
    assert_no_sideways_scrolling(phone)


def test_phone_hides_the_list_until_asked(phone: Page, tmp_path: Path) -> None:
    attach(phone, write_red_box(tmp_path / "harbour.png"))
    ask(phone, "Where is the red box?")
    expect(overlays(phone)).to_have_count(1)
    expect(history_links(phone)).to_have_count(0)
    phone.get_by_role("button", name="Open the list of conversations").click()
    expect(history_links(phone).first).to_be_in_viewport()
    history_links(phone).first.click()
    expect(phone.locator("#sidebar")).not_to_be_in_viewport()


def test_nothing_of_gradios_own_furniture_is_shown(page: Page) -> None:
    for words in ("Built with Gradio", "Use via API", "Settings", "Share"):
        expect(page.get_by_text(words)).to_have_count(0)


def test_question_mark_lists_the_keys(page: Page) -> None:
    question_box(page).blur()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_question_mark_in_a_question_is_only_a_question_mark(page: Page) -> None:
    question_box(page).press_sequentially("why?")
    expect(question_box(page)).to_have_value("why?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_slash_brings_the_cursor_to_the_question(page: Page) -> None:
    question_box(page).blur()
    page.keyboard.press("/")
    expect(question_box(page)).to_be_focused()


def test_key_hides_and_shows_the_latest_mask(page: Page, tmp_path: Path) -> None:
    attach(page, write_red_box(tmp_path / "harbour.png"))
    ask(page, "Where is the red box?")
    expect(overlays(page)).to_have_css("opacity", "0.8")
    question_box(page).blur()
    page.keyboard.press("m")
    expect(overlays(page)).to_have_css("opacity", "0")


def test_everything_can_be_reached_by_keyboard(page: Page) -> None:
    question_box(page).blur()
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement?.closest('[data-action]')?.dataset.action ?? ''"))
    assert {"new", "example", "theme", "shortcuts"} <= reached


@pytest.mark.leaves_mid_turn  # on a busy machine the page is still being told its first news when it is left
def test_dark_is_remembered(page: Page) -> None:
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("body.dark")).to_have_count(1)
    page.reload()
    expect(page.locator("body.dark")).to_have_count(1)
