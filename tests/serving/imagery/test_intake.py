"""A file becomes an image reference that the engine can work on without a store."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from serving.errors import ImageNotFoundError
from serving.grid import Grid
from serving.imagery.admission import ImageLimits
from serving.imagery.intake import digest_file, take_in_image
from serving.imagery.rendering import load_rendering

RGB = np.arange(75, dtype=np.uint8).reshape(5, 5, 3) * 3


def test_a_taken_in_image_names_its_bytes_its_size_and_its_picture(tmp_path: Path) -> None:
    path = tmp_path / "field.png"
    Image.fromarray(RGB).save(path)
    image = take_in_image(path, rendering_folder=tmp_path, limits=ImageLimits())
    assert (image.digest, image.path, image.name) == (
        hashlib.sha256(path.read_bytes()).hexdigest(),
        path,
        "field.png",
    )
    assert (image.grid, image.format) == (Grid(5, 5), "PNG")
    np.testing.assert_array_equal(load_rendering(image), RGB)


def test_the_name_that_the_person_gave_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "upload-17"
    Image.fromarray(RGB).save(path, format="PNG")
    image = take_in_image(path, rendering_folder=tmp_path, limits=ImageLimits(), name="My field.png")
    assert image.name == "My field.png"


def test_a_missing_file_has_no_digest(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFoundError, match=r"gone\.png"):
        digest_file(tmp_path / "gone.png")
