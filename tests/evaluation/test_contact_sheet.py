from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation.contact_sheet import Cell, draw_sheet, fit_picture, save_sheet

RED = np.full((10, 20, 3), (255, 0, 0), np.uint8)
BLUE = np.full((20, 10, 3), (0, 0, 255), np.uint8)


def test_cells_stand_in_rows_with_their_pictures_side_by_side() -> None:
    sheet = draw_sheet(
        [Cell((RED, BLUE), "one"), Cell((BLUE, RED), "two"), Cell((RED, RED), "three")], columns=2, side=40
    )
    pixels = np.asarray(sheet)
    # Two cells of two pictures of 40, 4 between the pictures, 16 between the cells.
    assert pixels.shape[1] == 2 * 84 + 16
    row_height = (pixels.shape[0] + 16) // 2
    assert tuple(pixels[20, 20]) == (255, 0, 0)
    assert tuple(pixels[20, 44 + 20]) == (0, 0, 255)
    assert tuple(pixels[20, 100 + 20]) == (0, 0, 255)
    assert tuple(pixels[row_height + 20, 20]) == (255, 0, 0)
    assert (pixels[row_height:, 100:] == 255).all()


def test_a_picture_keeps_its_shape() -> None:
    assert fit_picture(RED, 40).shape == (20, 40, 3)
    assert fit_picture(BLUE, 5).shape == (5, 2, 3)
    assert fit_picture(np.zeros((1, 300, 3), np.uint8), 30).shape == (1, 30, 3)


def test_a_long_caption_is_cut_after_three_lines() -> None:
    short, long = (draw_sheet([Cell((RED,), text)], columns=1, side=60) for text in ("word", "many words " * 50))
    assert long.height == short.height + 2 * 17
    inked = [int((np.asarray(sheet)[64:] < 128).sum()) for sheet in (short, long)]
    assert 0 < inked[0] < inked[1]


def test_a_sheet_is_saved_in_as_many_colours_as_fit(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    sheet = Image.fromarray(noise)
    sizes = []
    for limit in (1_000_000, 4_800):
        save_sheet(sheet, tmp_path / "in" / "sheet.png", max_bytes=limit)
        sizes.append((tmp_path / "in" / "sheet.png").stat().st_size)
        with Image.open(tmp_path / "in" / "sheet.png") as saved:
            assert saved.size == sheet.size
    assert sizes[1] <= 4_800 < sizes[0]


def test_a_sheet_that_cannot_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="10 are allowed"):
        save_sheet(Image.fromarray(RED), tmp_path / "sheet.png", max_bytes=10)
    assert list(tmp_path.iterdir()) == []
