"""A store in a test's folder, with a clock that ticks when it is looked at."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import rasterio

from serving.image_ref import ImageRef
from storage.blobs import LocalBlobStore
from storage.database import Database, sqlite_url
from storage.history import SqlHistory
from storage.images import ImageStore
from storage.schema import upgrade_to_head
from tests.fakes.image_files import UTM_33N, write_raster


class TickingClock:
    """A second later at each look; `advance` moves it further."""

    def __init__(self) -> None:
        self._now = datetime(2030, 1, 1, tzinfo=UTC)
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return the time, and let a second pass."""
        return self.advance(timedelta(seconds=1))

    def advance(self, step: timedelta) -> datetime:
        """Let `step` pass and return the time."""
        with self._lock:
            self._now += step
            return self._now


@dataclass
class Store:
    """A database and its blobs, both real.

    Attributes:
        folder: where files may be written before they are admitted.
    """

    folder: Path
    database: Database
    blobs: LocalBlobStore
    clock: TickingClock = field(default_factory=TickingClock)

    @property
    def history(self) -> SqlHistory:
        """The history on this store."""
        return SqlHistory(self.database, self.blobs, self.clock)

    @property
    def images(self) -> ImageStore:
        """The images on this store."""
        return ImageStore(self.database, self.blobs, clock=self.clock)

    def admit_tiny_image(self, name: str, *, gsd_m: float, seed: int = 0) -> ImageRef:
        """Store a georeferenced image of 5 by 4 pixels."""
        bands = np.random.default_rng(seed).integers(40, 256, (3, 5, 4), dtype=np.uint8)
        transform = rasterio.Affine(gsd_m, 0, 500_000, 0, -gsd_m, 5_000_000)
        path = write_raster(self.folder / f"upload-{seed}", bands, crs=UTM_33N, transform=transform)
        return self.images.admit_image(path, name)


@contextmanager
def open_store(folder: Path) -> Iterator[Store]:
    """Yield a store of the newest schema in `folder`; opening it again finds what was kept."""
    database = Database(sqlite_url(folder / "history.sqlite"))
    try:
        upgrade_to_head(database)
        yield Store(folder, database, LocalBlobStore(folder / "blobs"))
    finally:
        database.close()
