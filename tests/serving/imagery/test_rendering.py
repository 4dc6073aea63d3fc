"""Every kind of image is shown as it was meant, and what was done is said."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import ColorInterp

from serving.errors import ImageNotFoundError, ImageTruncatedError
from serving.grid import Grid
from serving.image_ref import ImageRef
from serving.imagery.admission import ImageLimits, admit_image
from serving.imagery.rendering import Rendering, encode_rendering, load_rendering, render_image
from tests.fakes.image_files import UTM_33N, write_raster

RAMP = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4  # 0..252
RGB = np.dstack([RAMP, RAMP.T, 255 - RAMP])
RGB_BANDS = RGB.transpose(2, 0, 1)


def render(path: Path) -> Rendering:
    return render_image(path, admit_image(path, ImageLimits()))


def grey(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(levels[..., None], 3, axis=2)


def save(path: Path, picture: Image.Image) -> Path:
    picture.save(path)
    return path


# --- plain pictures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif"])
def test_an_rgb_picture_is_shown_as_it_is_without_a_word(tmp_path: Path, name: str) -> None:
    rendering = render(save(tmp_path / name, Image.fromarray(RGB)))
    np.testing.assert_array_equal(rendering.rgb, RGB)
    assert rendering.notes == ()
    assert rendering.grid == Grid(8, 8)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif"])
def test_a_one_band_picture_is_grey_and_said(tmp_path: Path, name: str) -> None:
    rendering = render(save(tmp_path / name, Image.fromarray(RAMP)))
    np.testing.assert_array_equal(rendering.rgb, grey(RAMP))
    assert rendering.notes
    assert "one band, shown in grey" in rendering.notes[0]


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_bilevel_picture_is_black_and_white(tmp_path: Path, name: str) -> None:
    rendering = render(save(tmp_path / name, Image.fromarray(RAMP > 100)))
    np.testing.assert_array_equal(rendering.rgb, grey(np.where(RAMP > 100, 255, 0).astype(np.uint8)))


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.gif"])
def test_a_palette_is_looked_up(tmp_path: Path, name: str) -> None:
    picture = Image.fromarray(RAMP % 4, mode=None).convert("P")
    picture.putpalette([10, 20, 30, 200, 0, 0, 0, 200, 0, 0, 0, 200])
    colours = np.array([[10, 20, 30], [200, 0, 0], [0, 200, 0], [0, 0, 200]], dtype=np.uint8)
    indices = np.asarray(picture)
    rendering = render(save(tmp_path / name, picture))
    np.testing.assert_array_equal(rendering.rgb, colours[indices])


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_transparency_is_laid_on_black_and_said(tmp_path: Path, name: str) -> None:
    alpha = np.full((8, 8), 255, dtype=np.uint8)
    alpha[0, :4], alpha[1, 0] = 0, 128
    rendering = render(save(tmp_path / name, Image.fromarray(np.dstack([RGB, alpha]))))
    assert (rendering.rgb[0, :4] == 0).all()
    assert rendering.rgb[1, 0].tolist() == [round(int(level) * 128 / 255) for level in RGB[1, 0]]
    np.testing.assert_array_equal(rendering.rgb[2:], RGB[2:])
    assert rendering.notes == ("Transparent parts (8 % of the picture) are shown on black.",)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_an_opaque_alpha_band_changes_nothing(tmp_path: Path, name: str) -> None:
    opaque = np.full((8, 8), 255, dtype=np.uint8)
    rendering = render(save(tmp_path / name, Image.fromarray(np.dstack([RGB, opaque]))))
    np.testing.assert_array_equal(rendering.rgb, RGB)
    assert rendering.notes == ()


def test_a_transparent_palette_entry_is_black(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 1]], dtype=np.uint8)).convert("P")
    picture.putpalette([90, 90, 90, 200, 0, 0])
    picture.save(tmp_path / "a.png", transparency=int(np.asarray(picture)[0, 0]))
    assert render(tmp_path / "a.png").rgb[0, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_printing_colours_are_converted_and_said(tmp_path: Path, name: str) -> None:
    flat = np.full((16, 16, 3), (200, 40, 90), dtype=np.uint8)
    rendering = render(save(tmp_path / name, Image.fromarray(flat).convert("CMYK")))
    np.testing.assert_allclose(rendering.rgb.astype(int), flat, atol=3)  # 3: the JPEG's quantisation
    assert any("CMYK" in note for note in rendering.notes)


def test_printing_colours_of_16_bits_keep_their_hue(tmp_path: Path) -> None:
    inks = np.zeros((4, 2, 2), dtype=np.uint16)
    inks[1] = 65_535  # all magenta
    rendering = render(write_raster(tmp_path / "a.tif", inks, photometric="CMYK"))
    assert rendering.rgb[0, 0].tolist() == [255, 0, 255]


def test_a_png_of_16_bits_is_stretched_not_cut_to_its_high_byte(tmp_path: Path) -> None:
    twelve_bits = (np.arange(64, dtype=np.uint16).reshape(8, 8)) * 65
    rendering = render(save(tmp_path / "a.png", Image.fromarray(twelve_bits)))
    assert (rendering.rgb.min(), rendering.rgb.max()) == (0, 255)
    assert "uint16 values" in rendering.notes[1]


# --- rasters ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint16", "int16", "uint32", "int32", "float32", "float64", "int8"])
def test_measurements_are_stretched_and_said(tmp_path: Path, dtype: str) -> None:
    band = (np.arange(64).reshape(1, 8, 8) + 30).astype(dtype)
    rendering = render(write_raster(tmp_path / "a.tif", band))
    assert (rendering.rgb[0, 0, 0], rendering.rgb[-1, -1, 0]) == (0, 255)
    assert f"{dtype} values" in rendering.notes[1]


def test_complex_values_are_shown_by_magnitude(tmp_path: Path) -> None:
    band = (np.arange(64).reshape(1, 8, 8) * (0.6 - 0.8j)).astype(np.complex64)
    rendering = render(write_raster(tmp_path / "a.tif", band))
    assert (rendering.rgb[0, 0, 0], rendering.rgb[-1, -1, 0]) == (0, 255)
    assert "magnitude" in rendering.notes[1]


def test_nodata_is_black_and_leaves_the_stretch_alone(tmp_path: Path) -> None:
    band = np.arange(64, dtype=np.int16).reshape(1, 8, 8) + 100
    band[0, 0] = -9999
    rendering = render(write_raster(tmp_path / "a.tif", band, nodata=-9999))
    assert (rendering.rgb[0] == 0).all()
    assert int(rendering.rgb[4, 4, 0]) == pytest.approx(128, abs=12)
    assert "Pixels without a value (12 % of the image) are shown black." in rendering.notes


def test_a_pixel_is_nodata_only_where_every_shown_band_is(tmp_path: Path) -> None:
    bands = RGB_BANDS.copy()
    bands[:, 0, 0] = 255
    bands[:, 0, 1] = (255, 250, 240)
    bands[:, 0, 2] = (250, 240, 255)
    rendering = render(write_raster(tmp_path / "a.tif", bands, nodata=255, photometric="RGB"))
    assert rendering.rgb[0, 0].tolist() == [0, 0, 0]
    assert rendering.rgb[0, 1:3].tolist() == [[255, 250, 240], [250, 240, 255]]


def test_nan_and_infinity_are_black_and_leave_the_stretch_alone(tmp_path: Path) -> None:
    band = np.arange(64, dtype=np.float32).reshape(1, 8, 8)
    band[0, 0, :3] = (np.nan, np.inf, -np.inf)
    rendering = render(write_raster(tmp_path / "a.tif", band))
    assert (rendering.rgb[0, :3] == 0).all()
    assert int(rendering.rgb[4, 4, 0]) == pytest.approx(140, abs=8)
    assert "Pixels without a value (5 % of the image) are shown black." in rendering.notes


@pytest.mark.parametrize("value", [np.nan, np.inf, -9999.0])
def test_an_image_without_a_single_value_is_black_and_said(tmp_path: Path, value: float) -> None:
    bands = np.full((3, 4, 4), value, dtype=np.float32)
    rendering = render(write_raster(tmp_path / "a.tif", bands, nodata=-9999.0))
    assert not rendering.rgb.any()
    assert rendering.notes[-1] == "No pixel holds a value: everything is nodata and shown black."


def test_an_image_of_one_single_value_is_grey_and_said(tmp_path: Path) -> None:
    rendering = render(write_raster(tmp_path / "a.tif", np.full((1, 4, 4), 700, dtype=np.uint16)))
    assert (rendering.rgb == 128).all()
    assert "one single value" in rendering.notes[-1]


def test_a_class_map_of_small_numbers_is_brightened_and_said(tmp_path: Path) -> None:
    classes = np.array([[[0, 1], [2, 3]]], dtype=np.uint8)
    rendering = render(write_raster(tmp_path / "a.tif", classes))
    assert rendering.rgb[..., 0].tolist() == [[0, 85], [170, 255]]
    assert "brightened" in rendering.notes[-1]


def test_a_black_image_stays_black(tmp_path: Path) -> None:
    assert not render(write_raster(tmp_path / "a.tif", np.zeros((3, 4, 4), dtype=np.uint8))).rgb.any()


def test_white_is_zero_images_are_not_shown_as_negatives(tmp_path: Path) -> None:
    rendering = render(write_raster(tmp_path / "a.tif", RAMP[None], photometric="MINISWHITE"))
    np.testing.assert_array_equal(rendering.rgb, grey(255 - RAMP))
    Image.fromarray(RAMP).save(tmp_path / "b.tif", tiffinfo={262: 0})  # Pillow's way, which GDAL reads as a palette
    np.testing.assert_array_equal(render(tmp_path / "b.tif").rgb, grey(RAMP))


def test_bands_in_another_order_are_shown_by_their_meaning(tmp_path: Path) -> None:
    near_infrared = np.full((1, 8, 8), 99, dtype=np.uint8)
    bands = np.concatenate([near_infrared, RGB_BANDS[::-1]])
    meanings = [ColorInterp.undefined, ColorInterp.blue, ColorInterp.green, ColorInterp.red]
    rendering = render(write_raster(tmp_path / "a.tif", bands, meanings=meanings))
    np.testing.assert_array_equal(rendering.rgb, RGB)
    assert rendering.notes == ("The image has 4 bands; bands 4, 3 and 2 are shown.",)


def test_bands_are_found_by_their_names(tmp_path: Path) -> None:
    bands = np.concatenate([np.full((2, 8, 8), 99, dtype=np.uint8), RGB_BANDS[::-1]])
    names = ("coastal", "NIR", "Blue", "Green", "Red")
    rendering = render(write_raster(tmp_path / "a.tif", bands, names=names))
    np.testing.assert_array_equal(rendering.rgb, RGB)
    assert "Bands 5, 4 and 3 are named red, green and blue" in rendering.notes[0]


def test_six_unnamed_bands_show_the_first_three_and_say_so(tmp_path: Path) -> None:
    bands = np.concatenate([RGB_BANDS, np.full((3, 8, 8), 9, dtype=np.uint8)])
    rendering = render(write_raster(tmp_path / "a.tif", bands, photometric="MINISBLACK"))
    np.testing.assert_array_equal(rendering.rgb, RGB)
    assert "does not say which of its 6 bands" in rendering.notes[0]


def test_of_two_bands_the_first_is_shown_and_said(tmp_path: Path) -> None:
    bands = np.stack([RAMP, RAMP.T])
    rendering = render(write_raster(tmp_path / "a.tif", bands, photometric="MINISBLACK", alpha="NO"))
    np.testing.assert_array_equal(rendering.rgb, grey(RAMP))
    assert rendering.notes[0] == "The image has two bands; band 1 is shown in grey."


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_the_alpha_band_counts_beside_a_nodata_value(tmp_path: Path, dtype: str) -> None:
    alpha = np.full((8, 8), np.iinfo(dtype).max, dtype=dtype)
    alpha[3] = 0
    bands = np.concatenate([RGB_BANDS.astype(dtype) + 1, alpha[None]])
    meanings = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]
    rendering = render(write_raster(tmp_path / "a.tif", bands, meanings=meanings, nodata=0))
    assert (rendering.rgb[3] == 0).all()
    assert "Transparent parts (12 % of the picture) are shown on black." in rendering.notes


def test_a_cloud_optimised_geotiff_is_read_at_full_size_with_its_place(tmp_path: Path) -> None:
    bands = np.random.default_rng(3).integers(0, 256, (3, 700, 600), dtype=np.uint8)
    transform = rasterio.Affine(2, 0, 500_000, 0, -2, 5_000_000)
    path = write_raster(
        tmp_path / "a.tif", bands, driver="COG", crs=UTM_33N, transform=transform, blocksize=128,
        meanings=[ColorInterp.red, ColorInterp.green, ColorInterp.blue],
    )  # fmt: skip
    rendering = render(path)
    np.testing.assert_array_equal(rendering.rgb, bands.transpose(1, 2, 0))
    assert rendering.format == "GTiff"
    assert rendering.grid.gsd_m == pytest.approx((2, 2), rel=1e-3)
    assert rendering.notes == ()


def test_a_map_is_never_turned(tmp_path: Path) -> None:
    path = write_raster(
        tmp_path / "a.tif", RGB_BANDS, photometric="RGB", crs=UTM_33N,
        transform=rasterio.Affine(2, 0, 500_000, 0, 2, 5_000_000),  # south up
    )  # fmt: skip
    np.testing.assert_array_equal(render(path).rgb, RGB)


# --- the stored rendering -----------------------------------------------------------------------------------------


def ref_to(rendering_path: Path, grid: Grid) -> ImageRef:
    return ImageRef("0" * 64, rendering_path, rendering_path, grid, "field.tif", "GTiff")


def test_a_stored_rendering_comes_back_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "r.png").write_bytes(encode_rendering(RGB))
    np.testing.assert_array_equal(load_rendering(ref_to(tmp_path / "r.png", Grid(8, 8))), RGB)


def test_a_rendering_that_is_gone_is_said_by_the_name_the_person_gave(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFoundError, match=r"field\.tif"):
        load_rendering(ref_to(tmp_path / "r.png", Grid(8, 8)))


def test_a_damaged_rendering_is_never_shown(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (99, 99, 3), dtype=np.uint8)
    (tmp_path / "r.png").write_bytes(encode_rendering(noise)[:9000])
    with pytest.raises(ImageTruncatedError):
        load_rendering(ref_to(tmp_path / "r.png", Grid(99, 99)))
