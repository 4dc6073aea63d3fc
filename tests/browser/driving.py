"""How a person uses the page: by what they see."""

from pathlib import Path

from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.fakes.pages import ServedPage

WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


def open_home(page: Page, served: ServedPage) -> None:
    """Open the page and wait until it can be used."""
    page.goto(served.url)
    expect(page.get_by_role("heading", name="What shall we look for?")).to_be_visible()
    expect(question_box(page)).to_be_editable()


def question_box(page: Page) -> Locator:
    """Return the place to type."""
    return page.locator("#composer textarea")


def attach(page: Page, path: Path) -> None:
    """Pick a file, as from the system's dialog, and wait until it is listed."""
    page.locator("#composer input[type=file]").set_input_files(path)
    expect(page.locator("#composer .thumbnail-item")).to_be_visible()


def ask(page: Page, question: str) -> None:
    """Type a question and send it."""
    question_box(page).fill(question)
    question_box(page).press("Enter")


def open_panel(page: Page, name: str) -> None:
    """Open a panel of the bar below the last answer."""
    button = page.locator("#transcript").get_by_role("button", name=name, exact=True).last
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")


def overlays(page: Page) -> Locator:
    """Return the layers of masks in the conversation."""
    return page.get_by_role("img", name="Mask for")


def bubbles(page: Page) -> Locator:
    """Return what the person said."""
    return page.locator("#transcript .bubble")


def history_links(page: Page) -> Locator:
    """Return the list of conversations."""
    return page.get_by_role("navigation", name="Conversations").get_by_role("link")


def await_picture(picture: Locator) -> None:
    """Wait until a picture is not only placed but painted."""
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0, "the picture did not load"
