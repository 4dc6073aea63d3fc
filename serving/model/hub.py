"""Checkpoints on the Hugging Face hub, through its own client and cache; no other place is ever asked."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError: of the HTTP client that it brings
    GatedRepoError,
    HFValidationError,
    HTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)

from serving.errors import CheckpointMissingError
from serving.language.codegen_files import TOKENIZER_NAMES

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_SMALL_NAMES = ("config.json", *TOKENIZER_NAMES)
_ANSWER_TIMEOUT_S = 20.0

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class HubFiles:
    """What a checkpoint on the hub consists of.

    Attributes:
        names: files that are needed here.
        size_bytes: of all of them.
        cached: the folder where all of them lie already, or None.
    """

    names: tuple[str, ...]
    size_bytes: int
    cached: Path | None


def is_hub_id(text: str) -> bool:
    """Whether `text` has the form owner/name of a hub id."""
    return _HUB_ID.fullmatch(text) is not None


def find_cached(hub_id: str) -> Path | None:
    """Return the folder of a checkpoint that was downloaded before, without asking the network."""
    try:
        return Path(snapshot_download(hub_id, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None


def describe_files(hub_id: str) -> HubFiles:
    """Return what there is to download.

    Raises:
        CheckpointMissingError: the hub does not answer, or has no such checkpoint.
    """
    info = _ask(hub_id, lambda: HfApi().model_info(hub_id, files_metadata=True, timeout=_ANSWER_TIMEOUT_S))
    sizes = {one.rfilename: one.size or 0 for one in info.siblings or []}
    names = tuple(choose_files(list(sizes)))
    return HubFiles(names, sum(sizes[name] for name in names), find_cached(hub_id))


def choose_files(names: list[str]) -> list[str]:
    """Return those of a repository's files that are needed: safetensors where there are any, else pickled weights."""
    top = [name for name in names if "/" not in name]
    for ending in (".safetensors", ".bin"):
        weights = [name for name in top if name.endswith((ending, f"{ending}.index.json")) and "training" not in name]
        if weights:
            return sorted(weights + [name for name in top if name in _SMALL_NAMES])
    return []


def fetch(hub_id: str) -> Path:
    """Return the folder of a checkpoint, downloading what is not there yet.

    Raises:
        CheckpointMissingError: it cannot be had; the sentence says why and what else can be done.
    """
    try:
        files = describe_files(hub_id)
    except CheckpointMissingError:
        cached = find_cached(hub_id)  # offline, but downloaded before
        if cached is None:
            raise
        return cached
    if not files.names:
        raise CheckpointMissingError(
            what=f"{hub_id} on the Hugging Face hub holds no .safetensors file",
            remedy="Please check the name, for example earth-insights/SegEarth-R1-EarthReason.",
        )
    return Path(_ask(hub_id, lambda: snapshot_download(hub_id, allow_patterns=list(files.names))))


def _ask(hub_id: str, question: Callable[[], _Answer]) -> _Answer:
    """Return what the hub answers; its errors end here."""
    try:
        return question()
    except GatedRepoError as error:
        raise CheckpointMissingError(
            what=f"{hub_id} asks for permission first",
            remedy=f"Open huggingface.co/{hub_id}, accept its terms, then log in: hf auth login",
        ) from error
    except RepositoryNotFoundError as error:
        raise CheckpointMissingError(
            what=f"the Hugging Face hub has no {hub_id}, or not for you",
            remedy="Please check the name, for example earth-insights/SegEarth-R1-EarthReason.",
        ) from error
    except (HTTPError, OSError, HFValidationError) as error:
        raise CheckpointMissingError(
            what=f"{hub_id} is not on this machine and the Hugging Face hub cannot be reached from here",
            remedy="Check the network, or download the checkpoint elsewhere and name its folder: --model FOLDER",
        ) from error
