"""Uploads -> stored images: checked, rendered, kept once."""

from pathlib import Path

from assistant.interfaces import Clock
from serving.errors import ImageNotFoundError, ImageTruncatedError
from serving.image_ref import ImageRef
from serving.imagery.admission import ImageLimits, admit_image
from serving.imagery.intake import digest_file
from serving.imagery.rendering import encode_rendering, render_image
from storage.blobs import LocalBlobStore, digest_of
from storage.clock import utc_now
from storage.database import Database
from storage.holding import add_hold, release_hold
from storage.rows import to_image_ref
from storage.tables import ImageRow
from storage.texts import to_storable


class ImageStore:
    """Takes images in; safe for several threads and processes.

    The reference that it returns is good for `holding.HOLD_TIME`, and once a message names it, for as long as the
    message is kept.
    """

    def __init__(
        self,
        database: Database,
        blobs: LocalBlobStore,
        limits: ImageLimits | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._limits = limits or ImageLimits()
        self._clock = clock

    def admit_image(self, path: Path, name: str) -> ImageRef:
        """Check, render and store the image at `path`; one that is stored already is not decoded again.

        Args:
            path: the uploaded file; it is copied and may be removed afterwards.
            name: as the person calls it, for display only.

        Raises:
            ImageError: the file cannot be used; nothing is stored.
            StorageError: the disk or the database fails.
        """
        header = admit_image(path, self._limits)
        name = to_storable(name)
        digest = digest_file(path)
        known = self._hold_known_image(digest, name)
        if known is not None and self._blobs.has(digest) and known.rendering_path.is_file():
            return known
        rendering = render_image(path, header)
        picture = encode_rendering(rendering.rgb)
        row = ImageRow(
            digest=digest,
            rendering_digest=digest_of(picture),
            height=rendering.grid.height,
            width=rendering.grid.width,
            transform=rendering.grid.transform,
            crs_wkt=rendering.grid.crs_wkt,
            gsd_row_m=rendering.grid.gsd_m[0] if rendering.grid.gsd_m else None,
            gsd_column_m=rendering.grid.gsd_m[1] if rendering.grid.gsd_m else None,
            format=rendering.format,
            notes=list(rendering.notes),
            size_bytes=header.size_bytes,
            created_at=self._clock(),
        )
        return self._store(path, picture, row, name, held=known is not None)

    def _hold_known_image(self, digest: str, name: str) -> ImageRef | None:
        with self._database.writing() as session:
            row = session.get(ImageRow, digest)
            if row is None:
                return None
            add_hold(session, digest, self._clock)
            return to_image_ref(row, name, self._blobs)

    def _store(self, path: Path, picture: bytes, row: ImageRow, name: str, *, held: bool) -> ImageRef:
        # Holds first, then bytes, then the row that names them: no sweep can come between, and what a failure
        # leaves behind is swept when the holds expire.
        with self._database.writing() as session:
            if not held:
                add_hold(session, row.digest, self._clock)
            add_hold(session, row.rendering_digest, self._clock)
        try:
            stored_digest = self._blobs.put_file(path)
        except FileNotFoundError as error:
            raise ImageNotFoundError(name=name) from error
        if stored_digest != row.digest:
            raise ImageTruncatedError  # the file changed while it was read: it is still being written
        self._blobs.put_bytes(picture)
        with self._database.writing() as session:
            # Somebody else may have stored the same image meanwhile, or its rendering is made anew.
            row = session.merge(row)
            release_hold(session, row.rendering_digest)
        return to_image_ref(row, name, self._blobs)
