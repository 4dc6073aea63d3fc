"""Two images of one place: what is new, what is gone, and which of it is seen."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.driving import ask, attach, await_picture, overlays

pytestmark = pytest.mark.browser


def write_roofs(path: Path, *boxes: tuple[int, int, int, int]) -> Path:
    """Write a grey picture of 96 by 64 pixels with red boxes, each (left, top, right, bottom)."""
    rgb = np.full((64, 96, 3), 120, dtype=np.uint8)
    for left, top, right, bottom in boxes:
        rgb[top:bottom, left:right] = (255, 0, 0)
    Image.fromarray(rgb).save(path)
    return path


@pytest.fixture
def compared(page: Page, tmp_path: Path) -> Page:
    """The page with the answer to what is new in the second of two images."""
    attach(page, write_roofs(tmp_path / "2020.png", (6, 6, 30, 26), (60, 8, 76, 20)))
    ask(page, "Where are the red roofs?")
    await_picture(overlays(page))
    attach(page, write_roofs(tmp_path / "2024.png", (6, 6, 30, 26), (40, 36, 70, 58)))
    ask(page, "What is new since the first?")
    await_picture(layer(page, "Added"))
    return page


def layer(page: Page, fate: str) -> Locator:
    return page.locator("#transcript").get_by_role("img", name=f"{fate}: ")


def test_what_came_went_and_stayed_are_three_layers_with_a_legend_and_figures(compared: Page) -> None:
    for fate in ("Added", "Removed", "Unchanged"):
        await_picture(layer(compared, fate))
    legend = compared.get_by_role("group", name="What has changed")
    expect(legend.get_by_role("checkbox")).to_have_count(3)
    expect(legend).to_contain_text("Added: one area, 11% of the image")
    expect(legend).to_contain_text("Removed: one area, 3.1% of the image")
    expect(legend).to_contain_text("Unchanged: one area, 7.8% of the image")
    expect(compared.locator("#transcript")).to_contain_text("in image 1 (“2020.png”) and image 2 (“2024.png”)")


def test_each_layer_is_hidden_by_itself_and_stays_so_after_the_next_answer(compared: Page) -> None:
    legend = compared.get_by_role("group", name="What has changed")
    legend.get_by_role("checkbox", name="Removed").uncheck()
    expect(layer(compared, "Removed")).to_be_hidden()
    expect(layer(compared, "Added")).to_be_visible()
    ask(compared, "only the new ones")
    expect(overlays(compared)).to_have_count(2)
    expect(layer(compared, "Removed")).to_be_hidden()
    expect(legend.get_by_role("checkbox", name="Removed")).not_to_be_checked()
    legend.get_by_role("checkbox", name="Removed").check()
    expect(layer(compared, "Removed")).to_be_visible()


def test_the_added_part_is_a_mask_to_work_on_and_undo_brings_the_comparison_back(compared: Page) -> None:
    ask(compared, "only the new roofs")
    expect(compared.locator("#transcript")).to_contain_text("Marked only what is added: one area, 11% of the image")
    expect(overlays(compared)).to_have_count(2)
    compared.get_by_role("button", name="Undo").last.click()
    expect(overlays(compared)).to_have_count(1)
    expect(layer(compared, "Added")).to_be_visible()
    compared.reload()
    await_picture(layer(compared, "Unchanged"))


def test_each_part_is_downloaded_as_a_mask(compared: Page) -> None:
    compared.get_by_role("button", name="Export").last.click()
    with compared.expect_download() as download:
        compared.get_by_role("link", name="Removed PNG").click()
    marked = np.asarray(Image.open(download.value.path())) > 0
    assert (int(marked.sum()), bool(marked[8:20, 60:76].all())) == (16 * 12, True)
    assert download.value.suggested_filename == "2024-removed.png"
