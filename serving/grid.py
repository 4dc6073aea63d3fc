"""The pixel grid of an image and where it lies on the ground."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Grid:
    """Size of an image in pixels, with its georeference where there is one.

    Attributes:
        height: rows.
        width: columns.
        transform: affine coefficients (a, b, c, d, e, f) with x = a·column + b·row + c and
            y = d·column + e·row + f in the CRS; None for a plain picture.
        crs_wkt: the CRS as WKT 2; None for a plain picture.
        gsd_m: ground sampling distance as (row step, column step) in metres, measured on the ellipsoid at the
            image's centre; None where it is not known. Never the transform's degrees.
    """

    height: int
    width: int
    transform: tuple[float, float, float, float, float, float] | None = None
    crs_wkt: str | None = None
    gsd_m: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1:
            raise ValueError(f"a grid needs at least one pixel, got {self.height}x{self.width}")

    @property
    def pixel_count(self) -> int:
        """Pixels in the grid."""
        return self.height * self.width

    @property
    def pixel_area_m2(self) -> float | None:
        """Ground area of one pixel in m², or None where the GSD is not known."""
        return None if self.gsd_m is None else self.gsd_m[0] * self.gsd_m[1]

    @property
    def is_georeferenced(self) -> bool:
        """Whether pixels can be turned into map coordinates."""
        return self.transform is not None and self.crs_wkt is not None
