"""From an image and a question to a mask, and on."""

import threading
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.driving import ask, attach, await_picture, bubbles, open_panel, overlays, question_box
from tests.fakes.pages import RED_BOX_XYXY, ServedPage, write_red_box

pytestmark = pytest.mark.browser


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_red_box(tmp_path / "harbour.png")


def test_upload_and_question_put_the_mask_where_the_object_is(page: Page, image: Path) -> None:
    attach(page, image)
    ask(page, "Where is the red box?")
    layer = overlays(page)
    await_picture(layer)
    expect(page.locator("#transcript")).to_contain_text("Found one area")
    painted = np.asarray(Image.open(BytesIO(page.locator("#transcript .overlay .picture").screenshot())).convert("RGB"))
    height, width = painted.shape[:2]
    left, top, right, bottom = RED_BOX_XYXY
    centre = painted[int((top + bottom) / 2 / 48 * height), int((left + right) / 2 / 64 * width)].astype(int)
    corner = painted[int(4 / 48 * height), int(4 / 64 * width)].astype(int)
    assert centre[0] > 200, f"the box is red under orange, got {centre}"
    assert centre[1] > 30, f"the orange layer lies above the red, got {centre}"
    assert np.ptp(corner) < 12, f"the grey ground is not covered, got {corner}"


def test_mask_download_marks_the_object(page: Page, image: Path) -> None:
    attach(page, image)
    ask(page, "Where is the red box?")
    open_panel(page, "Export")
    with page.expect_download() as download:
        page.get_by_role("link", name="Mask PNG").click()
    mask = np.asarray(Image.open(download.value.path())) > 0
    rows, columns = np.nonzero(mask)
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == RED_BOX_XYXY
    assert download.value.suggested_filename == "harbour-mask.png"


def test_example_answers_on_the_first_click(page: Page) -> None:
    page.get_by_role("button", name="Where is the red box?").click()
    await_picture(overlays(page))
    expect(bubbles(page)).to_have_text("Where is the red box?")


def test_second_question_is_about_the_same_image(page: Page, image: Path) -> None:
    attach(page, image)
    ask(page, "Where is the red box?")
    expect(overlays(page)).to_have_count(1)
    ask(page, "Mark red once more")
    expect(overlays(page)).to_have_count(2)
    expect(page.locator("#transcript .upload")).to_have_count(1)


def test_image_alone_is_shown_with_questions_to_click(page: Page, image: Path) -> None:
    attach(page, image)
    question_box(page).press("Enter")
    await_picture(page.get_by_role("img", name="Image harbour.png, 64 × 48 pixels"))
    page.get_by_role("button", name="Where are the buildings?").click()
    expect(overlays(page)).to_have_count(1)


def test_stages_are_shown_and_stop_stops_the_engine(page: Page, served: ServedPage, image: Path) -> None:
    served.engine.gate = threading.Event()
    attach(page, image)
    ask(page, "Where is the red box?")
    expect(page.get_by_text("Reading the question…")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#transcript")).to_contain_text("Stopped. Nothing was changed")
    assert served.engine.questions == []
    served.engine.gate = None
    page.get_by_role("button", name="Try again").click()
    expect(overlays(page)).to_have_count(1)
    expect(bubbles(page)).to_have_count(1)


def test_waiting_person_sees_how_many_are_before(page: Page, served: ServedPage, image: Path) -> None:
    served.engine.gate = threading.Event()
    served.engine.waiting.clear()
    other = Client(served.url, verbose=False).submit(handle_file(image), "Where is red?", "", api_name="/ask")
    assert served.engine.waiting.wait(30)
    attach(page, image)
    ask(page, "Where is the red box?")
    expect(page.get_by_text("Waiting: 1 question before yours…")).to_be_visible()
    served.engine.gate.set()
    expect(overlays(page)).to_have_count(1)
    assert other.result(30)["status"] == "complete"


def test_failure_is_a_sentence_and_retry_answers(page: Page, served: ServedPage, image: Path) -> None:
    served.engine.failure = RuntimeError("broken on purpose")
    attach(page, image)
    ask(page, "Where is the red box?")
    expect(page.get_by_role("alert")).to_contain_text("Something went wrong on our side")
    served.engine.failure = None
    page.get_by_role("button", name="Try again").click()
    expect(overlays(page)).to_have_count(1)


def test_nothing_found_is_said_and_no_mask_drawn(page: Page, image: Path) -> None:
    attach(page, image)
    ask(page, "Where is nothing?")
    expect(page.locator("#transcript")).to_contain_text("Nothing in this image matches")
    expect(overlays(page)).to_have_count(0)


def test_what_was_held_back_is_shown_at_a_click(page: Page, image: Path) -> None:
    attach(page, image)
    ask(page, "Where is the doubtful red box?")
    expect(page.locator("#transcript")).to_contain_text("Nothing in this image matches")
    page.get_by_role("button", name="Show what comes closest").click()
    expect(overlays(page)).to_have_count(1)
    expect(page.locator("#transcript")).to_contain_text("this is what comes closest")


def test_markup_in_a_question_is_shown_literally(page: Page, image: Path) -> None:
    hostile = "<img src=x onerror=\"document.title='taken'\"> red ${1+1} {{value}} <script>1</script>"
    attach(page, image)
    ask(page, hostile)
    expect(overlays(page)).to_have_count(1)
    expect(bubbles(page)).to_have_text(hostile)
    expect(page.locator("#transcript .legend-label")).to_contain_text("${1+1} {{value}}")
    assert page.title() == "SegEarth Chat"


def test_huge_question_ends_in_a_sentence_and_is_not_lost(page: Page, image: Path) -> None:
    attach(page, image)
    ask(page, "red " * 25_000)
    expect(page.get_by_role("alert")).to_contain_text("the limit is 2,000")
    expect(question_box(page)).to_have_value("red " * 25_000)


def test_empty_question_ends_in_a_sentence(page: Page) -> None:
    question_box(page).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Please type a question about the image")


def test_question_without_an_image_says_what_is_missing(page: Page) -> None:
    ask(page, "Where is red?")
    expect(page.get_by_role("alert")).to_contain_text("Please add an image first")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"these are words", "could not be read as an image"),
        (b"", "The file is empty"),
    ],
    ids=["words", "no bytes"],
)
def test_file_that_is_no_image_ends_in_a_sentence(page: Page, tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    attach(page, path)
    ask(page, "Where is red?")
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    expect(question_box(page)).to_have_value("Where is red?")


def test_opacity_and_visibility_work_without_the_server(page: Page, image: Path) -> None:
    attach(page, image)
    ask(page, "Where is the red box?")
    layer = overlays(page)
    await_picture(layer)
    open_panel(page, "Mask")
    page.get_by_role("slider", name="Opacity").fill("40")
    expect(layer).to_have_css("opacity", "0.4")
    page.get_by_role("checkbox", name="Show").uncheck()
    expect(layer).to_have_css("opacity", "0")
    page.get_by_role("checkbox", name="Show").check()
    ask(page, "Mark red once more")
    expect(overlays(page)).to_have_count(2)
    expect(overlays(page).first).to_have_css("opacity", "0.4")


def test_picture_opens_at_full_size_and_closes_again(page: Page, image: Path) -> None:
    attach(page, image)
    ask(page, "Where is the red box?")
    page.get_by_role("link", name="Mask for").click()
    large = page.get_by_role("dialog", name="Picture at full size")
    await_picture(large.get_by_role("img", name="Mask for"))
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()


def test_what_is_typed_during_an_answer_is_kept(page: Page, served: ServedPage, image: Path) -> None:
    gate = served.engine.gate = threading.Event()
    attach(page, image)
    ask(page, "Where is the red box?")
    expect(page.get_by_text("Reading the question…")).to_be_visible()
    question_box(page).fill("My next question")
    gate.set()
    expect(overlays(page)).to_have_count(1)
    expect(question_box(page)).to_have_value("My next question")
