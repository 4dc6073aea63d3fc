"""What can go wrong while things are kept; `str(error)` is the sentence a person reads.

StorageError
├── DatabaseUnavailableError        the database cannot be opened, read or written
│   ├── DatabaseBusyError           somebody else has been writing for too long
│   └── DatabaseTooNewError         made by a later version of this program
├── StorageFullError                no space left
├── StorageUnwritableError          the folder does not let us write
├── BlobMissingError                bytes that the history names are gone
├── BlobDamagedError                bytes that the history names are not what was stored
├── ImageNotStoredError             a message names an image that is not kept (any more)
└── ExportError                     a result cannot be written in this form
    ├── ExportNeedsGeoreferenceError
    └── RleInvalidError             a COCO RLE that does not describe a mask
"""


class StorageError(Exception):
    """Root of every error that this package raises on purpose."""


class DatabaseUnavailableError(StorageError):
    """The database cannot be opened, read or written."""

    def __init__(
        self,
        sentence: str = "The history cannot be reached right now. Please try again; if it stays so, restart the app.",
    ) -> None:
        super().__init__(sentence)


class DatabaseBusyError(DatabaseUnavailableError):
    """Another writer has held the database for longer than we wait."""

    def __init__(self) -> None:
        super().__init__("The history is busy with other work. Please try again in a moment.")


class DatabaseTooNewError(DatabaseUnavailableError):
    """The schema has a revision that this program does not know."""

    def __init__(self) -> None:
        super().__init__(
            "The history was made by a newer version of this program. "
            "Please update the program, or start it with another data folder."
        )


class StorageFullError(StorageError):
    """No space is left."""

    def __init__(self) -> None:
        super().__init__(
            "The disk is full, so nothing more can be stored. Please delete old conversations or free some space."
        )


class StorageUnwritableError(StorageError):
    """The folder cannot be written to."""

    def __init__(self) -> None:
        super().__init__(
            "The data folder cannot be written to. Please check its rights, or start the program with another one."
        )


class BlobMissingError(StorageError):
    """Bytes that the history names are gone."""

    def __init__(self) -> None:
        super().__init__(
            "A stored file is missing from the data folder. Please ask the question again to make it anew."
        )


class BlobDamagedError(StorageError):
    """Bytes that the history names are not what was stored."""

    def __init__(self) -> None:
        super().__init__("A stored file is damaged. Please ask the question again to make it anew.")


class ImageNotStoredError(StorageError):
    """A message names an image that is not kept."""

    def __init__(self) -> None:
        super().__init__("The image is not stored any more. Please upload it again.")


class ExportError(StorageError):
    """A result cannot be written in the form asked for."""


class ExportNeedsGeoreferenceError(ExportError):
    """The image does not say where it lies."""

    def __init__(self) -> None:
        super().__init__(
            "The image does not say where it lies on the map, so a GeoTIFF cannot be made. Please save the mask as PNG."
        )


class RleInvalidError(ExportError):
    """Run lengths that do not describe a mask."""

    def __init__(self) -> None:
        super().__init__("These run lengths do not describe a mask of this image.")
