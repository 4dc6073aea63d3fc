"""Which bands of a raster are shown as red, green and blue."""

from dataclasses import dataclass
from enum import Enum

from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

_RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
_CMYK = (ColorInterp.cyan, ColorInterp.magenta, ColorInterp.yellow, ColorInterp.black)


class ColourModel(Enum):
    """What the chosen bands are."""

    GREY = "grey"
    RGB = "rgb"
    PALETTE = "palette"
    CMYK = "cmyk"


@dataclass(frozen=True)
class BandChoice:
    """The bands to show.

    Attributes:
        model: what they are.
        bands: their numbers, from 1: one for grey and palette, three for RGB, four for CMYK.
        note: a sentence for the person; None where the file leaves no doubt.
    """

    model: ColourModel
    bands: tuple[int, ...]
    note: str | None = None


def choose_bands(dataset: DatasetReader) -> BandChoice:
    """Return what to show of an open dataset: by its colour interpretation, by its band names, else bands 1-2-3."""
    meanings: tuple[ColorInterp, ...] = tuple(dataset.colorinterp)
    if meanings[0] is ColorInterp.palette:
        return BandChoice(ColourModel.PALETTE, (1,))
    for model, wanted in ((ColourModel.RGB, _RGB), (ColourModel.CMYK, _CMYK)):
        if all(meaning in meanings for meaning in wanted):
            bands = tuple(meanings.index(meaning) + 1 for meaning in wanted)
            return BandChoice(model, bands, _explain_colours(bands, dataset.count, meanings))
    named = _find_named_bands(dataset)
    if named is not None:
        return BandChoice(ColourModel.RGB, named, f"{_list_bands(named)} are named red, green and blue and are shown.")
    measured = tuple(i for i, meaning in enumerate(meanings, start=1) if meaning is not ColorInterp.alpha)
    if not measured:
        return BandChoice(ColourModel.GREY, (1,), "The only band is a transparency band; it is shown in grey.")
    if len(measured) == 1:
        return BandChoice(ColourModel.GREY, measured, "The image has one band, shown in grey.")
    if len(measured) == 2:
        return BandChoice(
            ColourModel.GREY, measured[:1], f"The image has two bands; band {measured[0]} is shown in grey."
        )
    return BandChoice(
        ColourModel.RGB,
        measured[:3],
        f"The file does not say which of its {len(measured)} bands are red, green and blue, so "
        f"{_list_bands(measured[:3]).lower()} are shown; colours may look unusual.",
    )


def _explain_colours(bands: tuple[int, ...], count: int, meanings: tuple[ColorInterp, ...]) -> str | None:
    measured = count - meanings.count(ColorInterp.alpha)
    if measured == len(bands):
        return None
    return f"The image has {measured} bands; {_list_bands(bands).lower()} are shown."


def _find_named_bands(dataset: DatasetReader) -> tuple[int, int, int] | None:
    names = [(description or "").strip().lower() for description in dataset.descriptions]
    if not all(name in names for name in ("red", "green", "blue")):
        return None
    return names.index("red") + 1, names.index("green") + 1, names.index("blue") + 1


def _list_bands(bands: tuple[int, ...]) -> str:
    *first, last = map(str, bands)
    return f"Bands {', '.join(first)} and {last}"
