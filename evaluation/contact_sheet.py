"""Many small pictures with words under them on one sheet."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_FONT_PX = 13
_LINE_PX = 17
_MOST_LINES = 3
_GAP_PX = 4
_BETWEEN_PX = 16
_INK = (30, 30, 30)
_PAPER = (255, 255, 255)
_COLOURS = (256, 192, 128, 96, 64)


@dataclass(frozen=True, eq=False)
class Cell:
    """One example.

    Attributes:
        pictures: side by side, each uint8 RGB (H, W, 3) of any size.
        caption: under them, plain text.
    """

    pictures: tuple[NDArray[np.uint8], ...]
    caption: str


def draw_sheet(cells: Sequence[Cell], *, columns: int, side: int) -> Image.Image:
    """Return a sheet of cells, row by row.

    Args:
        cells: at least one, each with as many pictures as the others.
        columns: cells in a row.
        side: pixels of the square into which each picture is fitted.
    """
    in_cell = len(cells[0].pictures)
    width = in_cell * side + (in_cell - 1) * _GAP_PX
    font = ImageFont.load_default(_FONT_PX)
    measure = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    captions = [_wrap(measure, cell.caption, font, width) for cell in cells]
    height = side + _GAP_PX + max(map(len, captions)) * _LINE_PX
    rows, shown_columns = -(-len(cells) // columns), min(columns, len(cells))
    size = (shown_columns * (width + _BETWEEN_PX) - _BETWEEN_PX, rows * (height + _BETWEEN_PX) - _BETWEEN_PX)
    sheet = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(sheet)
    for number, cell in enumerate(cells):
        row, column = divmod(number, columns)
        left, top = column * (width + _BETWEEN_PX), row * (height + _BETWEEN_PX)
        for place, picture in enumerate(cell.pictures):
            fitted = fit_picture(picture, side)
            corner = ((side - fitted.shape[1]) // 2, (side - fitted.shape[0]) // 2)
            sheet.paste(Image.fromarray(fitted), (left + place * (side + _GAP_PX) + corner[0], top + corner[1]))
        for line_number, line in enumerate(captions[number]):
            pen.text((left, top + side + _GAP_PX + line_number * _LINE_PX), line, fill=_INK, font=font)
    return sheet


def fit_picture(rgb: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return a picture whose longer side is `side`, uint8 (H, W, 3)."""
    scale = side / max(rgb.shape[:2])
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, size, interpolation=method), np.uint8)


def save_sheet(sheet: Image.Image, path: Path, *, max_bytes: int) -> None:
    """Write a PNG with as many colours, 64 to 256, as fit into `max_bytes`.

    Raises:
        ValueError: it does not fit with 64 colours.
    """
    for colours in _COLOURS:
        written = io.BytesIO()
        sheet.quantize(colours, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
        if written.tell() <= max_bytes:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(written.getvalue())
            return
    raise ValueError(f"the sheet takes {written.tell():,} bytes with {colours} colours; {max_bytes:,} are allowed")


def _wrap(
    pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int
) -> list[str]:
    """Return `text` in lines of at most `width` pixels, the last of at most three cut with an ellipsis."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and pen.textlength(longer, font) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    lines.append(line)
    return lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1]} …"]
