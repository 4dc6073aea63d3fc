"""A raster's measurements -> 8-bit RGB, with what is nodata shown black."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.errors import NodataShadowWarning
from rasterio.io import DatasetReader

from serving.imagery.band_choice import BandChoice, ColourModel, choose_bands
from serving.imagery.plain_pictures import describe_transparency, format_share, lay_on_black
from serving.imagery.stretch import Stretch, measure_stretch

# An 8-bit raster with no value above this is a class map or very dark; shown as it is, it would look empty.
_DARK_MAXIMUM = 31


@dataclass(frozen=True, eq=False)
class _Band:
    """One band with what is known of its pixels.

    Attributes:
        values: real, (H, W).
        usable: bool, (H, W); finite and not nodata in this band.
    """

    values: NDArray[np.generic]
    usable: NDArray[np.bool_]


def render_raster(dataset: DatasetReader) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Return an open dataset as uint8 RGB (H, W, 3) at its own size, and notes on what was done.

    Samples of 8 bits are shown as they are; all others are stretched band by band between their 2nd and 98th
    percentile. A pixel is nodata, and black, where every shown band is nodata, NaN or infinite there; where only
    some are (pure white under a nodata value of 255), the pixel keeps its colour.
    """
    choice = choose_bands(dataset)
    notes = [choice.note] if choice.note else []
    if choice.model is ColourModel.PALETTE:
        rgb, valid = _look_up_palette(dataset)
    else:
        rgb, valid = _render_bands(dataset, choice, notes)
    alpha = _read_alpha(dataset, choice)
    if alpha is not None and (alpha < 255).any():
        rgb = lay_on_black(rgb, alpha)
        notes.append(describe_transparency(alpha))
        valid |= alpha == 0  # said by the sentence above, and black already
    rgb[~valid] = 0
    missing = 1.0 - float(np.count_nonzero(valid) / valid.size)
    if missing == 1.0:
        notes.append("No pixel holds a value: everything is nodata and shown black.")
    elif missing > 0:
        notes.append(f"Pixels without a value ({format_share(missing)} of the image) are shown black.")
    return rgb, tuple(notes)


def _look_up_palette(dataset: DatasetReader) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    indices = dataset.read(1)
    table = np.zeros((int(np.iinfo(indices.dtype).max) + 1, 4), dtype=np.uint8)
    for index, rgba in dataset.colormap(1).items():
        table[index] = rgba
    rgba = table[indices]
    rgb = lay_on_black(rgba[..., :3], rgba[..., 3]) if (rgba[..., 3] < 255).any() else rgba[..., :3].copy()
    return rgb, _read_mask(dataset, 1)


def _render_bands(
    dataset: DatasetReader, choice: BandChoice, notes: list[str]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    shape = (dataset.height, dataset.width)
    levels = np.empty((*shape, len(choice.bands)), dtype=np.uint8)
    valid = np.zeros(shape, dtype=bool)
    constant = []
    for place, number in enumerate(choice.bands):
        band = _read_band(dataset, number)
        valid |= band.usable
        stretch = _stretch_of(dataset, choice.model, number, band)
        if stretch is None:
            levels[..., place] = band.values.astype(np.uint8)
            continue
        levels[..., place] = stretch.apply(band.values)
        if stretch.is_constant and band.usable.any():
            constant.append(number)
    notes.extend(_explain_stretch(dataset, choice, constant))
    if choice.model is ColourModel.CMYK:
        return _cmyk_to_rgb(levels), valid
    brightest = int(levels.max(where=valid[..., None], initial=0))
    if 0 < brightest <= _DARK_MAXIMUM:
        levels = np.rint(levels * (255.0 / brightest)).clip(0, 255).astype(np.uint8)
        notes.append(f"No value is above {brightest} of 255, so the image is brightened to be seen.")
    if dataset.tags(ns="IMAGE_STRUCTURE").get("MINISWHITE") == "YES":
        np.subtract(255, levels, out=levels)
    return (levels if levels.shape[2] == 3 else np.repeat(levels, 3, axis=2)), valid


def _read_band(dataset: DatasetReader, number: int) -> _Band:
    values = dataset.read(number)
    # An alpha band is laid over the picture afterwards; to the stretch, only what is fully transparent is missing.
    usable = _read_mask(dataset, number)
    if np.iscomplexobj(values):
        values = np.abs(values)
    if values.dtype.kind == "f":
        usable &= np.isfinite(values)
    return _Band(values, usable)


def _read_mask(dataset: DatasetReader, number: int) -> NDArray[np.bool_]:
    with warnings.catch_warnings():
        # An alpha band beside a nodata value: the alpha band is read on its own, see `_read_alpha`.
        warnings.simplefilter("ignore", category=NodataShadowWarning)
        return np.asarray(dataset.read_masks(number) > 0, dtype=bool)


def _stretch_of(dataset: DatasetReader, model: ColourModel, number: int, band: _Band) -> Stretch | None:
    """Return the band's stretch, or None where its values are grey levels already."""
    if model is ColourModel.CMYK and band.values.dtype.kind == "u":
        return Stretch(0.0, float(np.iinfo(str(band.values.dtype)).max))  # ink amounts; a stretch would change the hue
    if band.values.dtype != np.uint8:
        # No usable pixel: any stretch will do, as all of them are blackened.
        return measure_stretch(band.values, band.usable) or Stretch(0.0, 0.0)
    bits = int(dataset.tags(number, ns="IMAGE_STRUCTURE").get("NBITS", 8))
    if bits < 8:
        return Stretch(0.0, float(2**bits - 1))
    return None


def _read_alpha(dataset: DatasetReader, choice: BandChoice) -> NDArray[np.uint8] | None:
    """Return the transparency band as uint8, 255 = opaque; None where there is none.

    GDAL's own mask would leave it out where the file names a nodata value as well.
    """
    meanings = dataset.colorinterp
    if ColorInterp.alpha not in meanings or meanings.index(ColorInterp.alpha) + 1 in choice.bands:
        return None
    alpha = dataset.read(meanings.index(ColorInterp.alpha) + 1)
    if alpha.dtype == np.uint8:
        return np.asarray(alpha, dtype=np.uint8)
    if alpha.dtype == np.uint16:
        return np.asarray(alpha >> 8, dtype=np.uint8)
    return np.where(alpha > 0, np.uint8(255), np.uint8(0))


def _explain_stretch(dataset: DatasetReader, choice: BandChoice, constant: list[int]) -> list[str]:
    dtype = str(dataset.dtypes[choice.bands[0] - 1])
    notes = []
    if choice.model is ColourModel.CMYK or dataset.tags(ns="IMAGE_STRUCTURE").get("SOURCE_COLOR_SPACE") == "CMYK":
        notes.append("Printing colours (CMYK) are converted to RGB without a colour profile.")
    elif dtype != "uint8":
        values = "complex values, shown by magnitude" if dtype.startswith("complex") else f"{dtype} values"
        notes.append(
            f"The image holds {values}; each band is stretched between its 2nd and 98th percentile to be shown."
        )
    if constant:
        which = "Every band shown" if len(constant) == len(choice.bands) else f"Band {', '.join(map(str, constant))}"
        notes.append(f"{which} holds one single value, so there is nothing to see in it.")
    return notes


def _cmyk_to_rgb(cmyk: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (H, W, 4) ink amounts, 255 = full, as RGB; the usual conversion without a profile."""
    paper = 255 - cmyk.astype(np.uint16)
    return ((paper[..., :3] * paper[..., 3:] + 127) // 255).astype(np.uint8)
