"""Masks are changed by hand: by their threshold, by their steps, and by pointing at the picture."""

import threading
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.driving import PHONE, ask, attach, await_picture, open_home, overlays
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


def texts(page: Page) -> Locator:
    return page.locator("#transcript .answer-text")


def last_picture(page: Page) -> Locator:
    return page.locator("#transcript .overlay .picture").last


def place_at(picture: Locator, x: float, y: float) -> tuple[float, float]:
    """Return where in the window a pixel of the image is shown."""
    picture.scroll_into_view_if_needed()
    frame = picture.bounding_box()
    assert frame is not None
    return frame["x"] + x / IMAGE_WIDTH * frame["width"], frame["y"] + y / IMAGE_HEIGHT * frame["height"]


def pick_tool(page: Page, name: str) -> None:
    page.locator("#transcript .refine").last.get_by_role("button", name=name, exact=True).click()


def test_slider_shows_another_threshold_at_once_and_keeps_it_when_told(answered: Page) -> None:
    slider = answered.get_by_role("slider", name="Confidence")
    slider.fill("1")
    answered.wait_for_function("document.querySelector('.picture-layer').src.includes('/threshold/1/layer.png')")
    answered.get_by_role("button", name="Keep").click()
    expect(texts(answered)).to_have_count(2)
    expect(texts(answered).last).to_contain_text("covers the whole image")
    expect(answered.locator(".step-words")).to_have_text(["marked from 1% confidence on"])


def test_slider_that_is_put_back_changes_nothing(answered: Page) -> None:
    answered.get_by_role("slider", name="Confidence").fill("99")
    answered.get_by_role("button", name="Back").click()
    answered.wait_for_function("!document.querySelector('.picture-layer').src.includes('threshold')")
    expect(answered.get_by_role("slider", name="Confidence")).to_have_value("50")
    expect(texts(answered)).to_have_count(1)


def test_removing_a_chip_gives_the_mask_without_that_step(answered: Page) -> None:
    ask(answered, "a bit bigger")
    expect(answered.locator(".step-words")).to_have_count(1)
    answered.get_by_role("button", name="Remove “grown by").click()
    expect(texts(answered)).to_have_count(3)
    expect(texts(answered).last).to_contain_text("Marked what the model found, without any steps. Found one area")


def test_chip_opens_a_form_that_sets_the_step(answered: Page) -> None:
    ask(answered, "grow it by 3 pixels")
    answered.get_by_role("button", name="grown by 3 pixels", exact=True).click()
    dialog = answered.get_by_role("dialog", name="Change this step")
    dialog.get_by_label("Distance").fill("5")
    dialog.get_by_role("button", name="Apply").click()
    expect(answered.locator(".step-words").last).to_have_text("grown by 5 pixels")


def test_chips_are_put_in_another_order(answered: Page) -> None:
    ask(answered, "grow it by 3 pixels")
    expect(texts(answered)).to_have_count(2)
    ask(answered, "fill the holes")
    expect(answered.locator(".steps").last.locator(".step-words")).to_have_text(["grown by 3 pixels", "holes filled"])
    answered.locator(".steps").last.get_by_role("button", name="holes filled", exact=True).click()
    answered.get_by_role("button", name="Do it earlier").click()
    expect(texts(answered)).to_have_count(4)
    expect(answered.locator(".steps").last.locator(".step-words")).to_have_text(["holes filled", "grown by 3 pixels"])


def test_click_adds_what_is_there_in_pixels_of_the_image(answered: Page, served: ServedPage) -> None:
    pick_tool(answered, "Add")
    answered.mouse.click(*place_at(last_picture(answered), 50.5, 40.5))
    expect(texts(answered)).to_have_count(2)
    (clicks, box), *more = served.engine.refinements
    assert more == []
    assert box is None
    assert clicks[0].x == pytest.approx(50.5, abs=0.2)
    assert clicks[0].y == pytest.approx(40.5, abs=0.2)
    assert clicks[0].is_positive
    expect(texts(answered).last).to_contain_text("pixels added")


def test_shift_click_removes(answered: Page, served: ServedPage) -> None:
    pick_tool(answered, "Add")
    answered.keyboard.down("Shift")
    answered.mouse.click(*place_at(last_picture(answered), 30, 20))
    answered.keyboard.up("Shift")
    expect(texts(answered).last).to_contain_text("Nothing is left")
    assert [click.is_positive for click in served.engine.refinements[-1][0]] == [False]


def test_drag_draws_a_box(answered: Page, served: ServedPage) -> None:
    pick_tool(answered, "Box")
    answered.mouse.move(*place_at(last_picture(answered), 10, 5))
    answered.mouse.down()
    answered.mouse.move(*place_at(last_picture(answered), 30, 20), steps=4)
    answered.mouse.move(*place_at(last_picture(answered), 45, 35), steps=4)
    answered.mouse.up()
    expect(texts(answered)).to_have_count(2)
    clicks, box = served.engine.refinements[-1]
    assert clicks == ()
    assert box is not None
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((10, 5, 45, 35), abs=0.3)


def test_keys_point_without_a_mouse(answered: Page, served: ServedPage) -> None:
    pick_tool(answered, "Remove")
    last_picture(answered).focus()
    for key in ("ArrowLeft", "ArrowUp", "Enter"):
        answered.keyboard.press(key)
    expect(texts(answered)).to_have_count(2)
    (click,), box = served.engine.refinements[-1]
    assert box is None
    assert (click.x, click.y) == pytest.approx((0.48 * IMAGE_WIDTH, 0.48 * IMAGE_HEIGHT))
    assert not click.is_positive


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
    expect(texts(answered)).to_have_count(2)
    expect(dialog.locator(".zoom-stage")).not_to_have_attribute("data-answer", first or "")
    assert [click.is_positive for click in served.engine.refinements[-1][0]] == [True]


def test_finger_taps_to_add_on_a_phone(browser: Browser, served: ServedPage, tmp_path: Path) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    phone = context.new_page()
    open_home(phone, served)
    attach(phone, write_red_box(tmp_path / "harbour.png"))
    ask(phone, "Where is the red box?")
    await_picture(overlays(phone))
    pick_tool(phone, "Add")
    phone.touchscreen.tap(*place_at(last_picture(phone), 50, 40))
    expect(texts(phone)).to_have_count(2)
    (click,), box = served.engine.refinements[-1]
    assert (click.is_positive, box) == (True, None)
    context.close()


def test_clicks_during_an_answer_are_asked_together_afterwards(answered: Page, served: ServedPage) -> None:
    gate = served.engine.gate = threading.Event()
    pick_tool(answered, "Add")
    answered.mouse.click(*place_at(last_picture(answered), 50, 40))
    expect(answered.locator("#live .is-live")).to_have_count(1)
    for x in (4, 8):
        answered.mouse.click(*place_at(answered.locator("#transcript .overlay .picture").first, x, 4))
    gate.set()
    expect(texts(answered)).to_have_count(3)
    assert [len(clicks) for clicks, _ in served.engine.refinements] == [1, 2]
