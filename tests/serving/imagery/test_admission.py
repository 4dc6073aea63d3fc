"""Whether a file may come in is told from its header, with a sentence that helps."""

import io
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

from serving.errors import (
    ImageEmptyError,
    ImageError,
    ImageNotFoundError,
    ImageTooLargeError,
    ImageTruncatedError,
    ImageUnreadableError,
)
from serving.imagery.admission import ImageHeader, ImageLimits, admit_image
from serving.imagery.formats import ImageFormat
from serving.imagery.rendering import render_image
from tests.fakes.image_files import UTM_33N, write_png_claiming, write_raster

LIMITS = ImageLimits()
NOISE = np.random.default_rng(7).integers(0, 256, (48, 40, 3), dtype=np.uint8)


def encode(image_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(NOISE).save(buffer, format=image_format, **options)
    return buffer.getvalue()


def take(path: Path, limits: ImageLimits = LIMITS) -> ImageHeader:
    """Admit and decode, as every upload is."""
    header = admit_image(path, limits)
    render_image(path, header)
    return header


@pytest.mark.parametrize(
    ("saved_as", "recognised"),
    [
        ("PNG", ImageFormat.PNG),
        ("JPEG", ImageFormat.JPEG),
        ("WEBP", ImageFormat.WEBP),
        ("TIFF", ImageFormat.TIFF),
        ("BMP", ImageFormat.BMP),
        ("GIF", ImageFormat.GIF),
    ],
)
def test_the_format_is_told_from_the_bytes_whatever_the_name(
    tmp_path: Path, saved_as: str, recognised: ImageFormat
) -> None:
    path = tmp_path / "holiday.txt"
    path.write_bytes(encode(saved_as))
    header = take(path)
    assert (header.format, header.height, header.width) == (recognised, 48, 40)


def test_a_file_of_no_bytes_is_named_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.touch()
    with pytest.raises(ImageEmptyError, match="0 bytes"):
        admit_image(path, LIMITS)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFoundError, match=r"no file named gone\.png"):
        admit_image(tmp_path / "gone.png", LIMITS)


def test_a_folder_is_not_an_image(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFoundError):
        admit_image(tmp_path, LIMITS)


@pytest.mark.parametrize(
    "content",
    [
        b"Dear all, please find attached",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<VRTDataset rasterXSize='2' rasterYSize='2'><VRTRasterBand/></VRTDataset>",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"\x00",
    ],
)
def test_what_is_not_an_image_is_refused_with_the_formats_that_are(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "image.tif"
    path.write_bytes(content)
    with pytest.raises(ImageUnreadableError, match="Please use PNG, JPEG, WebP, TIFF or GeoTIFF"):
        admit_image(path, LIMITS)


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
@pytest.mark.parametrize("kept", [20, 100, 0.5, 0.9])
def test_an_image_cut_anywhere_is_said_to_break_off(tmp_path: Path, image_format: str, kept: float) -> None:
    whole = encode(image_format)
    path = tmp_path / "cut"
    path.write_bytes(whole[: kept if isinstance(kept, int) else int(len(whole) * kept)])
    with pytest.raises(ImageTruncatedError, match="breaks off before its end"):
        take(path)


@pytest.mark.parametrize("profile", [{}, {"compress": "deflate"}, {"driver": "COG", "compress": "lzw"}])
def test_a_geotiff_cut_in_its_pixels_is_said_to_break_off(tmp_path: Path, profile: dict[str, str]) -> None:
    path = write_raster(tmp_path / "whole.tif", NOISE.transpose(2, 0, 1), **profile)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(ImageTruncatedError):
        take(path)


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_no_damage_escapes_as_another_librarys_error(tmp_path: Path, image_format: str) -> None:
    whole = encode(image_format)
    path = tmp_path / "damaged"
    random = np.random.default_rng(11)
    for _ in range(150):
        damaged = bytearray(whole)
        for place in random.integers(0, min(len(damaged), 400), 4):
            damaged[place] = random.integers(0, 256)
        path.write_bytes(damaged)
        try:
            header = take(path, ImageLimits(max_pixels=1_000_000))
        except ImageError:
            continue
        assert header.pixel_count <= 1_000_000


def test_a_picture_of_40000_by_40000_is_refused_by_its_header(tmp_path: Path) -> None:
    path = write_png_claiming(tmp_path / "bomb.png", height=40_000, width=40_000)
    assert path.stat().st_size < 200
    with pytest.raises(ImageTooLargeError, match="40,000 × 40,000 pixels; the limit is 64 megapixels"):
        admit_image(path, LIMITS)


def test_a_sparse_tiff_of_40000_by_40000_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "sparse.tif"
    with rasterio.open(
        path, "w", driver="GTiff", dtype="uint8", count=1, height=40_000, width=40_000,
        transform=rasterio.Affine(1, 0, 5, 0, -1, 5), sparse_ok=True, tiled=True,
    ):  # fmt: skip
        pass  # nothing is written: the header alone claims the size
    assert path.stat().st_size < LIMITS.max_bytes
    with pytest.raises(ImageTooLargeError, match="40,000 × 40,000"):
        admit_image(path, LIMITS)


def test_a_webp_is_refused_before_its_canvas_is_set_up(tmp_path: Path) -> None:
    path = tmp_path / "canvas.webp"
    canvas = b"VP8X" + (10).to_bytes(4, "little") + bytes(4) + (15_999).to_bytes(3, "little") * 2
    path.write_bytes(b"RIFF" + (4 + len(canvas)).to_bytes(4, "little") + b"WEBP" + canvas)
    with pytest.raises(ImageTooLargeError, match="16,000 × 16,000"):
        admit_image(path, LIMITS)


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 80}, {"quality": 80, "exif": b"Exif"}])
def test_every_kind_of_webp_tells_its_size(tmp_path: Path, options: dict[str, object]) -> None:
    path = tmp_path / "picture.webp"
    path.write_bytes(encode("WEBP", **options))
    with pytest.raises(ImageTooLargeError, match="40 × 48"):
        admit_image(path, ImageLimits(max_pixels=40 * 48 - 1))
    assert admit_image(path, ImageLimits(max_pixels=40 * 48)).pixel_count == 40 * 48


def test_the_limit_on_bytes_holds(tmp_path: Path) -> None:
    path = tmp_path / "picture.bmp"
    path.write_bytes(encode("BMP"))
    admit_image(path, ImageLimits(max_bytes=path.stat().st_size))
    with pytest.raises(ImageTooLargeError, match=r"MB; the limit is"):
        admit_image(path, ImageLimits(max_bytes=path.stat().st_size - 1))


def test_the_limit_on_bands_holds(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "many.tif", np.zeros((65, 2, 2), dtype=np.uint8))
    with pytest.raises(ImageTooLargeError, match="65 bands; the limit is 64"):
        admit_image(path, LIMITS)


def test_the_limit_on_unpacked_size_counts_bands_and_sample_size(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "wide.tif", np.zeros((5, 10, 10), dtype=np.float64))
    assert admit_image(path, ImageLimits(max_decoded_bytes=4000)).decoded_bytes == 4000
    with pytest.raises(ImageTooLargeError, match="when unpacked"):
        admit_image(path, ImageLimits(max_decoded_bytes=3999))


@pytest.mark.parametrize("image_format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_an_animation_the_first_frame_is_used_and_said(tmp_path: Path, image_format: str) -> None:
    red, blue = (Image.new("RGB", (8, 6), colour) for colour in ("red", "blue"))
    path = tmp_path / "animated"
    options = {"lossless": True} if image_format == "WEBP" else {}
    red.save(path, format=image_format, save_all=True, append_images=[blue], **options)
    rendering = render_image(path, admit_image(path, LIMITS))
    np.testing.assert_array_equal(rendering.rgb, np.full((6, 8, 3), (255, 0, 0)))
    assert rendering.notes[0] == "The file holds several pictures; the first one is used."


def test_a_neighbour_in_the_folder_is_not_read(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "plain.tif", NOISE.transpose(2, 0, 1), crs=UTM_33N)
    (tmp_path / "plain.tfw").write_text("10\n0\n0\n-10\n500000\n4000000\n")
    (tmp_path / "plain.tif.aux.xml").write_text("<PAMDataset><SRS>EPSG:32633</SRS></PAMDataset>")
    assert not render_image(path, admit_image(path, LIMITS)).grid.is_georeferenced
