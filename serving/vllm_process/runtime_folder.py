"""The engine process's private folder: socket, log, hidden states on their way, and what it may import.

The process runs in an interpreter of its own (vLLM's), which has other packages than ours. It must find our package
`serving` and nothing else of ours, so the folder holds a link to it, beside an entry point that registers our models
with vLLM: nothing is installed into that interpreter.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from serving.vllm_process.process_group import is_alive, remove_shared_memory
from serving.vllm_process.settings import EngineSettings

PLUGIN_NAME = "segearth"
NF4_PLUGIN_NAME = "segearth_nf4"

_PREFIX = "segearth-engine-"
_LONGEST_SOCKET_PATH = 100  # bytes; the kernel takes 107
_SERVING = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class RuntimeFolder:
    """Where everything of one start lies.

    Attributes:
        root: readable by this user only.
    """

    root: Path

    @property
    def socket(self) -> Path:
        """Where the process listens."""
        return self.root / "socket"

    @property
    def log(self) -> Path:
        """What vLLM says."""
        return self.root / "log"

    @property
    def spool(self) -> Path:
        """Where the engine leaves hidden states."""
        return self.root / "hidden"

    @property
    def import_path(self) -> Path:
        """The one folder of ours from which the process imports."""
        return self.root / "path"

    def note_shared_memory(self, files: set[Path]) -> None:
        """Write down what the process holds, so that it can be removed even if everybody is killed at once."""
        (self.root / "shared_memory").write_text("\n".join(map(str, sorted(files))))

    def noted_shared_memory(self) -> set[Path]:
        """Return what was written down."""
        with contextlib.suppress(OSError):
            return {Path(line) for line in (self.root / "shared_memory").read_text().splitlines()}
        return set()

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.root, ignore_errors=True)


def create_runtime_folder(packages: Mapping[str, Path] | None = None) -> RuntimeFolder:
    """Make a new folder.

    Args:
        packages: what the process may import, by name, besides `serving`; tests bring their engine this way.
    """
    root = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_choose_parent()))  # mkdtemp: 0700
    folder = RuntimeFolder(root)
    folder.spool.mkdir()
    folder.import_path.mkdir()
    for name, place in {"serving": _SERVING, **(packages or {})}.items():
        (folder.import_path / name).symlink_to(place)
    metadata = folder.import_path / "segearth_vllm_plugin-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: segearth-vllm-plugin\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        "[vllm.general_plugins]\n"
        f"{PLUGIN_NAME} = serving.vllm_process.vllm_plugin:register\n"
        f"{NF4_PLUGIN_NAME} = serving.vllm_process.vllm_plugin:register_nf4\n"
    )
    return folder


def name_plugins(settings: EngineSettings) -> str:
    """Return which of our plugins vLLM is to load, as VLLM_PLUGINS has it."""
    return PLUGIN_NAME if settings.quantisation is None else f"{PLUGIN_NAME},{NF4_PLUGIN_NAME}"


def remove_left_folders() -> None:
    """Remove folders, and shared memory, whose program was killed together with its engine."""
    for root in _choose_parent().glob(f"{_PREFIX}*"):
        owner = root.name.removeprefix(_PREFIX).partition("-")[0]
        with contextlib.suppress(FileNotFoundError):  # its own process is removing it
            if root.stat().st_uid == os.getuid() and owner.isdigit() and not is_alive(int(owner)):
                folder = RuntimeFolder(root)
                remove_shared_memory(folder.noted_shared_memory())
                folder.remove()


def _choose_parent() -> Path:
    """Return the folder for temporary files, or /tmp where a socket's path would become too long there."""
    parent = Path(tempfile.gettempdir())
    longest = len(os.fsencode(parent)) + len(f"/{_PREFIX}4194304-12345678/socket")
    return parent if longest <= _LONGEST_SOCKET_PATH else Path("/tmp")
