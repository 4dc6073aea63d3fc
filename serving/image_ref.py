"""Which image: its digest, its admitted rendering and its grid. Pixels stay on disk."""

from dataclasses import dataclass
from pathlib import Path

from serving.grid import Grid


@dataclass(frozen=True)
class ImageRef:
    """A stored image that passed admission.

    Attributes:
        digest: SHA-256 of the original bytes, hex.
        path: the original file, byte for byte.
        rendering_path: 8-bit RGB PNG at native size, upright (EXIF rotation applied); what people and the
            model look at.
        grid: size of the rendering, and georeference where the original has one.
        name: file name as the person gave it, for display only.
        format: "PNG", "JPEG", "GTiff", ... as the reader calls it.
        notes: sentences on what was done to show it ("16-bit, stretched between its 2nd and 98th percentile").
    """

    digest: str
    path: Path
    rendering_path: Path
    grid: Grid
    name: str
    format: str
    notes: tuple[str, ...] = ()
