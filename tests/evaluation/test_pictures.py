from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation.errors import BenchmarkUnreadableError
from evaluation.pictures import read_mask, read_rgb, read_size

TARGET = np.eye(6, 9, dtype=np.bool_)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "P", "I;16"])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_a_mask_is_whatever_is_not_black(tmp_path: Path, mode: str, ending: str) -> None:
    path = tmp_path / f"m.{ending}"
    if mode == "I;16":
        Image.fromarray(TARGET.astype(np.uint16) * 7).save(path)
    elif mode == "P":
        picture = Image.fromarray(TARGET.astype(np.uint8)).convert("P")
        picture.putpalette([0, 0, 0, 128, 0, 0])
        picture.save(path)
    else:
        Image.fromarray(TARGET.astype(np.uint8) * 255).convert(mode).save(path)
    np.testing.assert_array_equal(read_mask(path), TARGET)


def test_a_mask_of_ones_is_a_mask(tmp_path: Path) -> None:
    Image.fromarray(TARGET.astype(np.uint8)).save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png"), TARGET)


def test_the_size_is_height_and_width(tmp_path: Path) -> None:
    Image.new("RGB", (9, 6)).save(tmp_path / "p.tif")
    assert read_size(tmp_path / "p.tif") == (6, 9)


def test_what_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(BenchmarkUnreadableError, match=r"bad\.png"):
        read_rgb(tmp_path / "bad.png")
    with pytest.raises(BenchmarkUnreadableError, match=r"gone\.png"):
        read_mask(tmp_path / "gone.png")
