"""A file on the disk -> an `ImageRef`: admitted, rendered, and its rendering written beside other work files."""

import hashlib
from pathlib import Path

from serving.errors import ImageNotFoundError
from serving.image_ref import ImageRef
from serving.imagery.admission import ImageLimits, admit_image
from serving.imagery.rendering import encode_rendering, render_image


def take_in_image(path: Path, *, rendering_folder: Path, limits: ImageLimits, name: str = "") -> ImageRef:
    """Return the image at `path`, checked and rendered into `rendering_folder`; for work without a store.

    The original stays where it is and must stay there while the reference is used. The rendering is named by the
    original's digest.

    Raises:
        ImageError: the file cannot be used; the sentence says why.
    """
    header = admit_image(path, limits)
    rendering = render_image(path, header)
    digest = digest_file(path)
    rendering_path = rendering_folder / f"{digest}.png"
    rendering_path.write_bytes(encode_rendering(rendering.rgb))
    return ImageRef(
        digest=digest,
        path=path,
        rendering_path=rendering_path,
        grid=rendering.grid,
        name=name or path.name,
        format=rendering.format,
        notes=rendering.notes,
    )


def digest_file(path: Path) -> str:
    """Return the SHA-256 of the file's bytes, hex.

    Raises:
        ImageNotFoundError: there is no file, or it cannot be opened.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImageNotFoundError(name=path.name) from error
