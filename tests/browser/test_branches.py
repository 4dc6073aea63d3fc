"""Back and forth among the answers, other branches, and what changed between two of them."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.driving import ask, attach, await_picture, bubbles, open_panel, overlays, question_box
from tests.fakes.pages import write_red_box

pytestmark = pytest.mark.browser


@pytest.fixture
def refined(page: Page, tmp_path: Path) -> Page:
    """The page with a mask that was grown."""
    attach(page, write_red_box(tmp_path / "harbour.png"))
    ask(page, "Where is the red box?")
    await_picture(overlays(page))
    ask(page, "grow it by 3 pixels")
    expect(bubbles(page)).to_have_count(2)
    expect(overlays(page)).to_have_count(2)
    return page


def test_undo_and_redo_step_over_answers_and_survive_a_reload(refined: Page) -> None:
    refined.get_by_role("button", name="Undo").click()
    expect(overlays(refined)).to_have_count(1)
    expect(refined.get_by_role("button", name="Redo")).to_be_enabled()
    refined.reload()
    expect(overlays(refined)).to_have_count(1)
    refined.get_by_role("button", name="Redo").click()
    expect(overlays(refined)).to_have_count(2)
    expect(refined.get_by_role("button", name="Redo")).to_be_disabled()


def test_undo_by_words_and_by_key(refined: Page) -> None:
    ask(refined, "undo that")
    expect(overlays(refined)).to_have_count(1)
    question_box(refined).blur()
    refined.keyboard.press("y")
    expect(overlays(refined)).to_have_count(2)
    refined.keyboard.press("u")
    expect(overlays(refined)).to_have_count(1)


def test_starting_over_loses_nothing(refined: Page) -> None:
    refined.get_by_role("button", name="Start over").click()
    expect(overlays(refined)).to_have_count(0)
    refined.get_by_role("button", name="Redo").click()
    expect(overlays(refined)).to_have_count(1)


def test_editing_an_earlier_question_makes_a_branch_to_switch_between(refined: Page) -> None:
    refined.get_by_role("button", name="Edit this question").last.click()
    dialog = refined.get_by_role("dialog", name="Ask this differently")
    dialog.get_by_role("textbox").fill("grow it by 8 pixels")
    dialog.get_by_role("button", name="Ask", exact=True).click()
    expect(bubbles(refined).last).to_have_text("grow it by 8 pixels")
    expect(overlays(refined)).to_have_count(2)
    expect(refined.get_by_role("group", name="Versions of this question")).to_contain_text("2 / 2")
    refined.get_by_role("button", name="Earlier version").click()
    expect(bubbles(refined).last).to_have_text("grow it by 3 pixels")
    expect(refined.get_by_role("group", name="Versions of this question")).to_contain_text("1 / 2")


def test_comparison_measures_and_shows_what_changed(refined: Page) -> None:
    refined.get_by_role("button", name="Compare").click()
    dialog = refined.get_by_role("dialog", name="Compare two answers")
    expect(dialog.get_by_role("status")).to_have_text("Added 256 pixels, removed nothing, unchanged 400 pixels.")
    await_picture(dialog.get_by_role("img", name="What changed"))
    dialog.get_by_role("slider", name="Swipe").fill("50")
    await_picture(dialog.get_by_role("img", name="The mask before"))
    expect(dialog.get_by_role("img", name="What changed")).to_be_hidden()
    dialog.get_by_label("Before").select_option(index=1)
    expect(dialog.get_by_role("status")).to_have_text("Both mark exactly the same.")


def test_undo_puts_the_slider_back_to_where_that_mask_stands(refined: Page) -> None:
    open_panel(refined, "Refine")
    refined.get_by_role("slider", name="Confidence").last.fill("80")
    refined.get_by_role("button", name="Keep").last.click()
    expect(refined.locator(".steps").last).to_contain_text("marked from 80% confidence on")
    refined.get_by_role("button", name="Undo").last.click()
    expect(refined.locator(".steps").last).not_to_contain_text("marked from 80% confidence on")
    expect(refined.get_by_role("slider", name="Confidence").last).to_have_value("50")


def test_what_was_done_by_hand_is_not_asked_again_as_a_question(refined: Page) -> None:
    expect(refined.get_by_role("button", name="Retry")).to_have_count(1)
    refined.get_by_role("button", name="Remove “grown by").click()
    expect(refined.locator("#transcript .by-hand > span")).to_have_text("By hand: 1 change of its steps")
    expect(bubbles(refined)).to_have_count(2)
    expect(refined.get_by_role("button", name="Retry")).to_have_count(0)
