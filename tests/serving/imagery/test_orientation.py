"""Every EXIF orientation ends upright, as Pillow turns it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from serving.imagery.admission import ImageLimits, admit_image
from serving.imagery.orientation import ORIENTATION_TAG, turn_upright
from serving.imagery.rendering import render_image

STORED = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 12


def save_with_orientation(path: Path, orientation: int) -> Path:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    Image.fromarray(STORED).save(path, exif=exif)
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_is_turned_as_pillow_turns_it(tmp_path: Path, orientation: int) -> None:
    path = save_with_orientation(tmp_path / "turned.png", orientation)
    with Image.open(path) as picture:
        expected = np.asarray(ImageOps.exif_transpose(picture))
    np.testing.assert_array_equal(turn_upright(STORED, orientation), expected)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_a_meaningless_orientation_turns_nothing(orientation: int) -> None:
    np.testing.assert_array_equal(turn_upright(STORED, orientation), STORED)


@pytest.mark.parametrize("name", ["turned.png", "turned.tif"])
def test_a_turned_file_is_rendered_upright_on_its_turned_grid(tmp_path: Path, name: str) -> None:
    path = save_with_orientation(tmp_path / name, 6)
    rendering = render_image(path, admit_image(path, ImageLimits()))
    np.testing.assert_array_equal(rendering.rgb, turn_upright(STORED, 6))
    assert (rendering.grid.height, rendering.grid.width) == (3, 2)
    assert "The picture is turned upright as the camera noted." in rendering.notes


def test_a_damaged_orientation_leaves_the_picture_as_stored(tmp_path: Path) -> None:
    path = tmp_path / "odd.png"
    # The directory claims 5 entries of which not one follows.
    Image.fromarray(STORED).save(path, exif=b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x05")
    rendering = render_image(path, admit_image(path, ImageLimits()))
    np.testing.assert_array_equal(rendering.rgb, STORED)


def test_an_orientation_that_cannot_be_parsed_is_said(tmp_path: Path) -> None:
    path = tmp_path / "odd.png"
    Image.fromarray(STORED).save(path, exif=b"Exif\x00\x00no directory at all")
    rendering = render_image(path, admit_image(path, ImageLimits()))
    np.testing.assert_array_equal(rendering.rgb, STORED)
    assert "cannot be read" in rendering.notes[-1]
