"""Conversations are kept, found, and nobody else's."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.driving import ask, attach, bubbles, history_links, open_home, overlays
from tests.fakes.engine import FakeEngine
from tests.fakes.pages import ServedPage, serve_page, write_red_box

pytestmark = pytest.mark.browser


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_red_box(tmp_path / "harbour.png")


@pytest.fixture
def stranger(browser: Browser, served: ServedPage) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    open_home(page, served)
    yield page
    context.close()


def start_conversation(page: Page, image: Path, question: str) -> None:
    attach(page, image)
    ask(page, question)
    expect(overlays(page)).to_have_count(1)


def test_reload_returns_to_the_conversation(page: Page, image: Path) -> None:
    start_conversation(page, image, "Where is the red box?")
    page.reload()
    expect(overlays(page)).to_have_count(1)
    expect(history_links(page)).to_contain_text(["Where is the red box?"])
    ask(page, "Mark red once more")
    expect(overlays(page)).to_have_count(2)


@pytest.mark.leaves_mid_turn
def test_reload_in_the_middle_of_a_turn_finds_its_answer(page: Page, served: ServedPage, image: Path) -> None:
    gate = served.engine.gate = threading.Event()
    attach(page, image)
    ask(page, "Where is the red box?")
    expect(page.get_by_text("Reading the question…")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Reading the question…")).to_be_visible()
    gate.set()
    expect(overlays(page)).to_have_count(1)


def test_restart_of_the_server_loses_nothing(context: BrowserContext, tmp_path: Path, image: Path) -> None:
    page = context.new_page()
    with serve_page(tmp_path, FakeEngine()) as first:
        open_home(page, first)
        start_conversation(page, image, "Where is the red box?")
        conversation = page.url.removeprefix(first.url)
    with serve_page(tmp_path, FakeEngine()) as second:
        page.goto(second.url + conversation)
        expect(overlays(page)).to_have_count(1)
        expect(history_links(page)).to_have_count(1)


def test_another_browser_sees_nothing(page: Page, stranger: Page, image: Path, served: ServedPage) -> None:
    start_conversation(page, image, "Where is the red box?")
    layer = page.get_by_role("img", name="Mask for").evaluate("image => image.src")
    stranger.goto(page.url)
    expect(stranger.get_by_role("alert")).to_contain_text("This conversation is not here any more")
    expect(history_links(stranger)).to_have_count(0)
    assert [stranger.request.get(layer).status, page.request.get(layer).status] == [404, 200]


def test_two_tabs_of_one_person_work_side_by_side(page: Page, image: Path, served: ServedPage) -> None:
    start_conversation(page, image, "Where is the red box?")
    other = page.context.new_page()
    open_home(other, served)
    start_conversation(other, image, "Mark red elsewhere")
    expect(history_links(other)).to_have_count(2)
    ask(page, "Mark red once more")
    expect(overlays(page)).to_have_count(2)
    expect(overlays(other)).to_have_count(1)


def test_conversations_are_opened_from_the_list_and_by_the_back_button(page: Page, image: Path) -> None:
    start_conversation(page, image, "Where is the red box?")
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_role("heading", name="What shall we look for?")).to_be_visible()
    history_links(page).first.click()
    expect(bubbles(page)).to_have_text("Where is the red box?")
    page.go_back()
    expect(page.get_by_role("heading", name="What shall we look for?")).to_be_visible()


def test_rename_search_and_delete(page: Page, image: Path) -> None:
    start_conversation(page, image, "Where is the red box?")
    history_links(page).first.hover()
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("New name").fill("Harbour <b>in May</b>")
    page.keyboard.press("Enter")
    expect(history_links(page)).to_contain_text(["Harbour <b>in May</b>"])

    search = page.get_by_placeholder("Search conversations")
    search.fill("airport")
    expect(page.get_by_text("Nothing found for “airport”.")).to_be_visible()
    search.fill("harbour")
    expect(history_links(page)).to_have_count(1)

    history_links(page).first.hover()
    page.get_by_role("button", name="Delete “").click()
    expect(page.get_by_role("dialog")).to_contain_text("Harbour <b>in May</b>")
    page.get_by_role("button", name="Keep it").click()
    expect(history_links(page)).to_have_count(1)
    history_links(page).first.hover()
    page.get_by_role("button", name="Delete “").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(history_links(page)).to_have_count(0)
    expect(page.get_by_role("heading", name="What shall we look for?")).to_be_visible()
