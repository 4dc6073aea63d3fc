"""Masks are changed by hand: by their threshold, by their steps, by pointing at the picture and painting on it."""

import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.driving import (
    PHONE,
    ask,
    attach,
    await_picture,
    bubbles,
    open_home,
    open_panel,
    overlays,
    question_box,
)
from tests.fakes.pages import ServedPage, write_red_box

pytestmark = pytest.mark.browser

IMAGE_WIDTH, IMAGE_HEIGHT = 64, 48


@pytest.fixture
def answered(page: Page, tmp_path: Path) -> Page:
    """The page with the red box marked."""
    attach(page, write_red_box(tmp_path / "harbour.png"))
    ask(page, "Where is the red box?")
    await_picture(overlays(page))
    return page


def text(page: Page) -> Locator:
    """Return the sentence of the one answer: what is done by hand changes it in place."""
    return page.locator("#transcript .answer-text")


def by_hand(page: Page) -> Locator:
    return page.locator("#transcript .by-hand > span")


def last_picture(page: Page) -> Locator:
    return page.locator("#transcript .overlay .picture").last


def place_at(picture: Locator, x: float, y: float) -> tuple[float, float]:
    """Return where in the window a pixel of the image is shown."""
    picture.scroll_into_view_if_needed()
    frame = picture.bounding_box()
    assert frame is not None
    return frame["x"] + x / IMAGE_WIDTH * frame["width"], frame["y"] + y / IMAGE_HEIGHT * frame["height"]


def pick_tool(page: Page, name: str, *, panel: str = "Refine") -> None:
    open_panel(page, panel)
    page.locator("#transcript .panel.refine").last.get_by_role("button", name=name, exact=True).click()


def drag(page: Page, *places: tuple[float, float]) -> None:
    """Draw on the last picture, from one pixel of the image to the next."""
    page.mouse.move(*place_at(last_picture(page), *places[0]))
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place_at(last_picture(page), *place), steps=4)


def marked_px(page: Page, served: ServedPage) -> set[tuple[int, int]]:
    """Return the (column, row) pixels that the mask marks which is seen now."""
    answer = page.locator("#transcript [data-answer]").last.get_attribute("data-answer")
    content = page.request.get(f"{served.url}artefacts/{answer}/mask.png").body()
    pixels = np.asarray(Image.open(BytesIO(content)))
    return {(int(column), int(row)) for row, column in np.argwhere(pixels)}


def test_slider_shows_another_threshold_at_once_and_keeps_it_when_told(answered: Page) -> None:
    open_panel(answered, "Refine")
    slider = answered.get_by_role("slider", name="Confidence")
    slider.fill("1")
    answered.wait_for_function("document.querySelector('.picture-layer').src.includes('/threshold/1/layer.png')")
    answered.get_by_role("button", name="Keep").click()
    expect(text(answered)).to_contain_text("covers the whole image")
    expect(by_hand(answered)).to_have_text("By hand: 1 change of its steps")
    expect(answered.locator(".step-words")).to_have_text(["marked from 1% confidence on"])


def test_slider_that_is_put_back_changes_nothing(answered: Page) -> None:
    open_panel(answered, "Refine")
    answered.get_by_role("slider", name="Confidence").fill("99")
    answered.get_by_role("button", name="Back").click()
    answered.wait_for_function("!document.querySelector('.picture-layer').src.includes('threshold')")
    expect(answered.get_by_role("slider", name="Confidence")).to_have_value("50")
    expect(by_hand(answered)).to_have_count(0)


def test_unclear_words_are_asked_back_and_the_choice_is_taken_by_mouse_or_key(answered: Page) -> None:
    ask(answered, "it looks frayed")
    offered = answered.get_by_role("group", name="What did you mean?")
    expect(offered.get_by_role("button")).to_have_count(4)
    expect(offered.get_by_role("button").last).to_have_text("Look for “it looks frayed” in the image")
    offered.get_by_role("button", name="Smooth the outline").focus()
    answered.keyboard.press("Enter")
    expect(answered.locator("#transcript .answer-text").last).to_contain_text("smoothed by")
    expect(answered.locator("#transcript .bubble").last).to_have_text("smooth the outline")
    expect(offered.get_by_role("button")).to_have_count(0)
    expect(offered).to_contain_text("Smooth the outline")


def test_removing_a_chip_gives_the_mask_without_that_step(answered: Page) -> None:
    ask(answered, "a bit bigger")
    expect(answered.locator(".step-words")).to_have_count(1)
    answered.get_by_role("button", name="Remove “grown by").click()
    expect(text(answered)).to_have_count(2)
    expect(text(answered).last).to_contain_text("Marked what the model found, without any steps. Found one area")


def test_chip_opens_a_form_that_sets_the_step(answered: Page) -> None:
    ask(answered, "grow it by 3 pixels")
    answered.get_by_role("button", name="grown by 3 pixels", exact=True).click()
    dialog = answered.get_by_role("dialog", name="Change this step")
    dialog.get_by_label("Distance").fill("5")
    dialog.get_by_role("button", name="Apply").click()
    expect(answered.locator(".step-words").last).to_have_text("grown by 5 pixels")


def test_chips_are_put_in_another_order(answered: Page) -> None:
    ask(answered, "grow it by 3 pixels")
    expect(text(answered)).to_have_count(2)
    ask(answered, "fill the holes")
    expect(answered.locator(".steps").last.locator(".step-words")).to_have_text(["grown by 3 pixels", "holes filled"])
    answered.locator(".steps").last.get_by_role("button", name="holes filled", exact=True).click()
    answered.get_by_role("button", name="Do it earlier").click()
    expect(answered.locator(".steps").last.locator(".step-words")).to_have_text(["holes filled", "grown by 3 pixels"])
    expect(text(answered)).to_have_count(3)


def test_click_adds_what_is_there_in_pixels_of_the_image(answered: Page, served: ServedPage) -> None:
    pick_tool(answered, "Add")
    answered.mouse.click(*place_at(last_picture(answered), 50.5, 40.5))
    expect(by_hand(answered)).to_have_text("By hand: 1 click")
    (clicks, box), *more = served.engine.refinements
    assert more == []
    assert box is None
    assert clicks[0].x == pytest.approx(50.5, abs=0.2)
    assert clicks[0].y == pytest.approx(40.5, abs=0.2)
    assert clicks[0].is_positive
    expect(text(answered)).to_contain_text("pixels added")


def test_clicks_in_a_row_change_one_answer_in_place_and_are_taken_back_one_by_one(
    answered: Page, served: ServedPage
) -> None:
    pick_tool(answered, "Remove")
    answered.mouse.click(*place_at(last_picture(answered), 30, 20))
    expect(text(answered)).to_have_text("Nothing is left of what was marked.")
    answered.mouse.click(*place_at(answered.locator("#transcript .ground .picture"), 5, 5))
    expect(by_hand(answered)).to_have_text("By hand: 2 clicks")
    assert [len(clicks) for clicks, _ in served.engine.refinements] == [1, 2]
    expect(bubbles(answered)).to_have_count(1)
    answered.locator("#transcript .by-hand").get_by_role("button", name="Undo").click()
    expect(by_hand(answered)).to_have_text("By hand: 1 click")
    answered.locator("#transcript .by-hand").get_by_role("button", name="Undo").click()
    expect(by_hand(answered)).to_have_count(0)
    expect(overlays(answered)).to_have_count(1)
    answered.get_by_role("button", name="Redo").click()
    expect(by_hand(answered)).to_have_text("By hand: 1 click")
    expect(text(answered)).to_have_count(1)


def test_another_click_after_undo_is_a_branch_to_switch_to(answered: Page) -> None:
    pick_tool(answered, "Remove")
    answered.mouse.click(*place_at(last_picture(answered), 30, 20))
    expect(text(answered)).to_contain_text("Nothing is left")
    answered.get_by_role("button", name="Undo").first.click()
    expect(overlays(answered)).to_have_count(1)
    answered.locator("#transcript .panel.refine").get_by_role("button", name="Add", exact=True).click()
    answered.mouse.click(*place_at(last_picture(answered), 5, 5))
    expect(text(answered)).to_contain_text("covers the whole image")
    answered.get_by_role("button", name="Earlier version").click()
    expect(text(answered)).to_contain_text("Nothing is left")


def test_the_picture_stays_where_it_is_while_it_is_pointed_at(answered: Page) -> None:
    pick_tool(answered, "Add")
    before = last_picture(answered).bounding_box()
    answered.mouse.click(*place_at(last_picture(answered), 50, 40))
    expect(by_hand(answered)).to_have_text("By hand: 1 click")
    await_picture(overlays(answered))
    assert last_picture(answered).bounding_box() == before
    expect(answered.locator("#transcript .panel.refine")).to_be_visible()


def test_shift_click_removes(answered: Page, served: ServedPage) -> None:
    pick_tool(answered, "Add")
    answered.keyboard.down("Shift")
    answered.mouse.click(*place_at(last_picture(answered), 30, 20))
    answered.keyboard.up("Shift")
    expect(text(answered)).to_contain_text("Nothing is left")
    assert [click.is_positive for click in served.engine.refinements[-1][0]] == [False]


def test_drag_draws_a_box(answered: Page, served: ServedPage) -> None:
    pick_tool(answered, "Box")
    drag(answered, (10, 5), (30, 20), (45, 35))
    answered.mouse.up()
    expect(by_hand(answered)).to_have_text("By hand: 1 box")
    clicks, box = served.engine.refinements[-1]
    assert clicks == ()
    assert box is not None
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((10, 5, 45, 35), abs=0.3)


def test_the_brush_paints_what_it_goes_over_and_erases_it_again(answered: Page, served: ServedPage) -> None:
    before = marked_px(answered, served)
    pick_tool(answered, "Brush")
    answered.get_by_role("slider", name="Brush size").fill("20")
    drag(answered, (6, 40), (30, 40), (50, 42))
    expect(answered.locator("#transcript .brush-stroke")).to_have_count(1)
    answered.mouse.up()
    expect(by_hand(answered)).to_have_text("By hand: 1 brush stroke")
    painted = marked_px(answered, served)
    assert before < painted
    assert {(6, 40), (30, 40), (49, 41)} <= painted
    # The brush is as wide as it was seen: 20 pixels of the screen to each side.
    frame = last_picture(answered).bounding_box()
    assert frame is not None
    radius_px = 20 * IMAGE_WIDTH / frame["width"]
    assert all(abs(row + 0.5 - 40) <= radius_px + 2 for _, row in painted - before)
    answered.keyboard.down("Shift")
    drag(answered, (6, 40), (30, 40), (50, 42))
    answered.mouse.up()
    answered.keyboard.up("Shift")
    expect(by_hand(answered)).to_have_text("By hand: 2 brush strokes")
    assert marked_px(answered, served) == before
    assert served.engine.refinements == []


def test_escape_drops_a_stroke_and_undo_takes_one_back(answered: Page, served: ServedPage) -> None:
    before = marked_px(answered, served)
    pick_tool(answered, "Erase")
    drag(answered, (22, 12), (35, 25))
    answered.keyboard.press("Escape")
    expect(answered.locator("#transcript .brush-stroke")).to_have_count(0)
    answered.mouse.up()
    drag(answered, (22, 12), (35, 25))
    answered.mouse.up()
    expect(by_hand(answered)).to_have_text("By hand: 1 brush stroke")
    assert marked_px(answered, served) < before
    answered.keyboard.press("u")
    expect(by_hand(answered)).to_have_count(0)
    assert marked_px(answered, served) == before


def test_keys_paint_without_a_mouse(answered: Page, served: ServedPage) -> None:
    before = marked_px(answered, served)
    pick_tool(answered, "Erase")
    last_picture(answered).focus()
    for key in ("ArrowLeft", "Enter", "ArrowUp", "ArrowUp", "Enter"):
        answered.keyboard.press(key)
    expect(by_hand(answered)).to_have_text("By hand: 1 brush stroke")
    erased = before - marked_px(answered, served)
    assert (int(0.48 * IMAGE_WIDTH), int(0.48 * IMAGE_HEIGHT)) in erased


def test_keys_point_without_a_mouse_again_and_again(answered: Page, served: ServedPage) -> None:
    pick_tool(answered, "Remove")
    last_picture(answered).focus()
    for key in ("ArrowLeft", "ArrowUp", "Enter"):
        answered.keyboard.press(key)
    expect(by_hand(answered)).to_have_text("By hand: 1 click")
    (click,), box = served.engine.refinements[-1]
    assert box is None
    assert (click.x, click.y) == pytest.approx((0.48 * IMAGE_WIDTH, 0.48 * IMAGE_HEIGHT))
    assert not click.is_positive
    # The new picture has the cursor, where the old one had it.
    for key in ("ArrowLeft", "Enter"):
        answered.keyboard.press(key)
    expect(by_hand(answered)).to_have_text("By hand: 2 clicks")
    assert served.engine.refinements[-1][0][1].x == pytest.approx(0.46 * IMAGE_WIDTH)


def test_an_upload_without_a_question_is_pointed_at(page: Page, served: ServedPage, tmp_path: Path) -> None:
    attach(page, write_red_box(tmp_path / "harbour.png"))
    question_box(page).press("Enter")
    pick_tool(page, "Add", panel="Mark by hand")
    page.mouse.click(*place_at(page.locator("#transcript .upload .picture"), 30, 20))
    expect(text(page).last).to_contain_text("Marked where you pointed: 400 pixels.")
    expect(by_hand(page)).to_have_text("By hand: 1 click")
    await_picture(page.locator("#transcript .picture-layer"))
    expect(bubbles(page)).to_have_count(0)
    # The tools are at hand at the new answer as well.
    page.mouse.click(*place_at(last_picture(page), 5, 5))
    expect(by_hand(page)).to_have_text("By hand: 2 clicks")
    assert [len(clicks) for clicks, _ in served.engine.refinements] == [1, 2]


def test_without_a_tool_a_click_opens_the_picture(answered: Page, served: ServedPage) -> None:
    last_picture(answered).click()
    expect(answered.get_by_role("dialog", name="Picture at full size")).to_be_visible()
    assert served.engine.refinements == []


def test_pointing_goes_on_at_full_size_with_the_answer_that_came(answered: Page, served: ServedPage) -> None:
    last_picture(answered).click()
    dialog = answered.get_by_role("dialog", name="Picture at full size")
    dialog.get_by_role("button", name="Add", exact=True).click()
    first = dialog.locator(".zoom-stage").get_attribute("data-answer")
    answered.mouse.click(*place_at(dialog.locator(".picture"), 50, 40))
    expect(by_hand(answered)).to_have_text("By hand: 1 click")
    expect(dialog.locator(".zoom-stage")).not_to_have_attribute("data-answer", first or "")
    assert [click.is_positive for click in served.engine.refinements[-1][0]] == [True]
    dialog.get_by_role("button", name="Undo").click()
    expect(dialog.locator(".zoom-stage")).to_have_attribute("data-answer", first or "")
    answered.keyboard.press("y")
    expect(by_hand(answered)).to_have_text("By hand: 1 click")


@pytest.fixture
def phone(browser: Browser, served: ServedPage, tmp_path: Path) -> Iterator[Page]:
    """The page with the red box marked, on a phone."""
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    opened = context.new_page()
    open_home(opened, served)
    attach(opened, write_red_box(tmp_path / "harbour.png"))
    ask(opened, "Where is the red box?")
    await_picture(overlays(opened))
    yield opened
    context.close()


def test_finger_taps_to_add_on_a_phone(phone: Page, served: ServedPage) -> None:
    pick_tool(phone, "Add")
    phone.touchscreen.tap(*place_at(last_picture(phone), 50, 40))
    expect(by_hand(phone)).to_have_text("By hand: 1 click")
    (click,), box = served.engine.refinements[-1]
    assert (click.is_positive, box) == (True, None)


def test_finger_paints_on_a_phone(phone: Page, served: ServedPage) -> None:
    pick_tool(phone, "Brush")
    phone.touchscreen.tap(*place_at(last_picture(phone), 50, 40))
    expect(by_hand(phone)).to_have_text("By hand: 1 brush stroke")
    assert (50, 40) in marked_px(phone, served)


def test_clicks_during_an_answer_are_asked_together_afterwards(answered: Page, served: ServedPage) -> None:
    gate = served.engine.gate = threading.Event()
    pick_tool(answered, "Add")
    answered.mouse.click(*place_at(last_picture(answered), 50, 40))
    expect(answered.locator("#live .is-live")).to_have_count(1)
    for x in (4, 8):
        answered.mouse.click(*place_at(last_picture(answered), x, 4))
    gate.set()
    expect(by_hand(answered)).to_have_text("By hand: 3 clicks")
    assert [len(clicks) for clicks, _ in served.engine.refinements] == [1, 3]
