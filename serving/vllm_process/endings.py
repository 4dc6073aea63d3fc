"""How a start of the engine ended, and what the person can do about it."""

import re
from dataclasses import dataclass

from serving.errors import BackendUnavailableError, LanguageUnavailableError
from serving.vllm_choice import INSTALL_ADVICE

_MEMORY_WORDS = re.compile(
    r"out of memory|OutOfMemoryError|MemoryError|Cannot allocate memory|can't allocate memory"
    r"|No available memory for the cache|larger than the available KV cache",
    re.IGNORECASE,
)
_SIGKILL = -9


@dataclass(frozen=True)
class Ending:
    """One life of the process.

    Attributes:
        status: exit status; negative: the signal that killed it; None where it could not be started.
        was_ready: whether it could answer before.
        failed: what it said.
        timed_out: whether it was ended because it took too long to start.
        last_words: the end of its log.
    """

    status: int | None
    was_ready: bool
    failed: str = ""
    timed_out: bool = False
    last_words: str = ""


def explain_ending(ending: Ending) -> LanguageUnavailableError | BackendUnavailableError:
    """Return the error of a start that did not succeed."""
    if ending.status is None:
        return BackendUnavailableError(f"The interpreter for vLLM cannot be started. {INSTALL_ADVICE}")
    if ending.failed.startswith("missing "):
        package = ending.failed.removeprefix("missing ")
        return BackendUnavailableError(
            f"The package {package} is not in the Python that is to serve the language model. {INSTALL_ADVICE}"
        )
    if ending.failed:
        return BackendUnavailableError(ending.failed)
    if ending.timed_out:
        return LanguageUnavailableError(
            "The language engine was not ready in time. Free the machine of other work, "
            "or give it longer with SEGEARTH_VLLM_START_TIMEOUT_S."
        )
    if ending.status == _SIGKILL or _MEMORY_WORDS.search(ending.last_words):
        return LanguageUnavailableError(
            "The language engine ran out of memory while it started. Lower SEGEARTH_VLLM_KV_CACHE_GB (on a GPU "
            "SEGEARTH_VLLM_GPU_MEMORY_SHARE), or take half the memory for the weights with --dtype bf16."
        )
    return LanguageUnavailableError(
        f"The language engine stopped while it started (exit status {ending.status}). "
        "The log holds its last words; --backend transformers works without it."
    )
