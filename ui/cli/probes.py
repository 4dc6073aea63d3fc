"""What `segearth doctor` looks at: one function per thing, each returns a `Check` and changes nothing."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from serving.errors import ServingError
from serving.model_choice import ModelCost, ModelDescription
from ui.cli.errors import CliError
from ui.cli.serve import ensure_port_is_free
from ui.program_name import DISTRIBUTION

SUPPORTED_PYTHON = ((3, 11), (3, 13))  # first that is supported, first that is not
NEEDED_GDAL_DRIVERS = ("GTiff", "PNG", "JPEG", "WEBP")
NEEDED_FREE_BYTES = 1_000_000_000  # the language weights are 0.3 GB; history grows by about 2 MB an image
TORCH_TIMEOUT_S = 120.0  # a first import from a cold disk

_DESCRIBE_TORCH = """
import json, torch
cuda = torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
print(json.dumps({"version": torch.__version__, "cuda": cuda, "threads": torch.get_num_threads()}))
"""


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Attributes:
        name: stable, for programs and people.
        passed: whether serving can go on with it.
        finding: what is there.
        remedy: how to mend it; None where nothing needs mending.
    """

    name: str
    passed: bool
    finding: str
    remedy: str | None = None


@dataclass(frozen=True)
class Installation:
    """What is to be looked at.

    Attributes:
        data_dir: folder of history and images.
        cache_dir: folder of the converted language weights.
        host: address to listen on.
        port: port to listen on.
        describe_model: says whether the weights can be had and what they cost, or raises `ServingError`.
    """

    data_dir: Path
    cache_dir: Path
    host: str
    port: int
    describe_model: Callable[[], ModelDescription]


@dataclass(frozen=True)
class Examination:
    """What was found.

    Attributes:
        checks: in the order in which a person would mend them.
        costs: what the model costs in every precision; empty for the small model and where the weights are missing.
    """

    checks: list[Check]
    costs: tuple[ModelCost, ...]

    @property
    def can_serve(self) -> bool:
        """Whether the chat can be served."""
        return all(check.passed for check in self.checks)


def examine(
    installation: Installation, *, torch_command: Sequence[str] = (sys.executable, "-c", _DESCRIBE_TORCH)
) -> Examination:
    """Look at everything.

    Args:
        installation: what is looked at.
        torch_command: prints what PyTorch is like, as JSON.
    """
    torch = check_torch(torch_command)
    weights, costs = check_model(installation.describe_model) if torch.passed else ([], ())
    checks = [
        check_python(sys.version_info[:3]),
        check_packages(metadata.requires(DISTRIBUTION) or []),
        torch,
        check_gdal(),
        *weights,
        check_writable("data folder", installation.data_dir),
        check_writable("cache folder", installation.cache_dir),
        check_disk(installation.data_dir),
        check_port(installation.host, installation.port),
    ]
    return Examination(checks, costs)


def check_python(version: tuple[int, int, int]) -> Check:
    """Look at the interpreter's version."""
    first, first_unsupported = SUPPORTED_PYTHON
    finding = ".".join(map(str, version))
    if first <= version[:2] < first_unsupported:
        return Check("Python", True, finding)
    return Check("Python", False, finding, "Install Python 3.11, then: make clean && rm -r .venv && make install")


def check_packages(requirements: Sequence[str]) -> Check:
    """Look for every package that `requirements` (as in package metadata) names outside of extras."""
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in requirements if "extra ==" not in line]
    missing = [name for name in names if not _is_installed(name)]
    if missing:
        return Check("packages", False, f"missing: {', '.join(missing)}", "Install them: make install")
    return Check("packages", True, f"all {len(names)} are installed")


def check_torch(command: Sequence[str]) -> Check:
    """Run `command`, which describes PyTorch as JSON; in a process of its own, since a broken build may crash it."""
    remedy = "Install it again: .venv/bin/pip install --force-reinstall -c constraints.txt torch"
    try:
        finished = subprocess.run(command, capture_output=True, text=True, timeout=TORCH_TIMEOUT_S, check=True)
    except subprocess.CalledProcessError as error:
        last_line = (error.stderr or "").strip().splitlines()[-1:] or [f"exit code {error.returncode}"]
        return Check("PyTorch", False, f"cannot be imported ({last_line[0]})", remedy)
    except subprocess.TimeoutExpired:
        return Check("PyTorch", False, f"did not answer within {TORCH_TIMEOUT_S:.0f} s", remedy)
    torch = json.loads(finished.stdout)
    where = f"on {torch['cuda']} (CUDA)" if torch["cuda"] else f"on CPU, {torch['threads']} threads; no CUDA device"
    return Check("PyTorch", True, f"{torch['version']} {where}")


def check_gdal() -> Check:
    """Look for the drivers of the formats that can be read."""
    import rasterio  # here, so that the command line starts without GDAL

    with rasterio.Env() as env:
        drivers = env.drivers()
    missing = [name for name in NEEDED_GDAL_DRIVERS if name not in drivers]
    finding = f"GDAL {rasterio.__gdal_version__}, {len(drivers)} drivers"
    if missing:
        return Check(
            "image formats",
            False,
            f"{finding}; missing: {', '.join(missing)}",
            "Install rasterio's own build: .venv/bin/pip install --force-reinstall -c constraints.txt rasterio",
        )
    return Check("image formats", True, finding)


def check_model(describe: Callable[[], ModelDescription]) -> tuple[list[Check], tuple[ModelCost, ...]]:
    """Look at the weights; `describe` says what there is or raises an error that says what to do."""
    try:
        model = describe()
    except ServingError as error:
        return [Check("weights", False, "cannot be used", str(error))], ()
    checks = [Check(name, model.problem is None, finding, model.problem) for name, finding in model.findings.items()]
    if model.download_folder is not None:
        checks.append(check_room(model.download_folder, model.download_bytes))
    if model.chosen is not None:
        checks.append(check_memory(model.chosen, find_memory_bytes()))
    return checks, model.costs


def check_room(folder: Path, needed_bytes: int) -> Check:
    """See whether a download would find room."""
    free_bytes = shutil.disk_usage(find_existing(folder)).free
    finding = f"{needed_bytes / 1e9:.1f} GB needed, {free_bytes / 1e9:.1f} GB free"
    if free_bytes > needed_bytes:
        return Check("room for weights", True, finding)
    return Check("room for weights", False, finding, "Free the difference, or set HF_HOME to another disk.")


def check_memory(cost: ModelCost, memory_bytes: int) -> Check:
    """See whether loading would find memory on the CPU."""
    finding = f"{cost.loading_bytes / 1e9:.1f} GB to load it, {memory_bytes / 1e9:.1f} GB in this machine"
    if cost.loading_bytes < memory_bytes:
        return Check("memory", True, finding)
    return Check("memory", False, finding, "Choose a smaller form: --dtype bf16, and --quantize nf4 for the smallest.")


def find_memory_bytes() -> int:
    """Return the memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def check_writable(name: str, folder: Path) -> Check:
    """See whether `folder`, or the nearest folder above it that exists, can be written."""
    if os.access(find_existing(folder), os.W_OK | os.X_OK):
        return Check(name, True, str(folder))
    variable = "SEGEARTH_DATA_DIR" if name == "data folder" else "SEGEARTH_CACHE_DIR"
    return Check(name, False, f"{folder} cannot be written", f"Name another folder in {variable}.")


def check_disk(folder: Path) -> Check:
    """See whether the disk of `folder` has room."""
    free_bytes = shutil.disk_usage(find_existing(folder)).free
    finding = f"{free_bytes / 1e9:.1f} GB free"
    if free_bytes >= NEEDED_FREE_BYTES:
        return Check("disk space", True, finding)
    return Check(
        "disk space",
        False,
        finding,
        f"Free {NEEDED_FREE_BYTES / 1e9:.0f} GB, or set SEGEARTH_DATA_DIR to another disk.",
    )


def check_port(host: str, port: int) -> Check:
    """See whether a server could listen there."""
    try:
        ensure_port_is_free(host, port)
    except CliError as error:
        return Check("port", False, f"{host}:{port} cannot be used now", str(error))
    return Check("port", True, f"{host}:{port} is free")


def find_existing(folder: Path) -> Path:
    """Return `folder`, or the nearest folder above it that exists."""
    return next(path for path in (folder, *folder.absolute().parents) if path.is_dir())


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
