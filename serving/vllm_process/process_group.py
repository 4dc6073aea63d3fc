"""All processes of one group: who they are, what shared memory they hold, and their end. Linux; reads /proc.

Standard library only: the supervisor and the process it supervises both use it.
"""

import contextlib
import ctypes
import os
import signal
import threading
from collections.abc import Iterable
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LOOK_S = 0.02  # how often the end of a process is looked for


def list_members(group: int) -> list[int]:
    """Return the ids of the living processes of a group; what has ended and was not yet waited for is no member."""
    return [pid for pid in _list_processes() if _read_group(pid) == group]


def find_shared_memory(pids: Iterable[int]) -> set[Path]:
    """Return the files below /dev/shm that the processes have mapped."""
    found: set[Path] = set()
    for pid in pids:
        with contextlib.suppress(OSError):  # ended meanwhile, or another user's
            for line in Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines():
                place = line.partition(str(SHARED_MEMORY) + "/")[2]
                if place and not place.endswith(" (deleted)"):
                    found.add(SHARED_MEMORY / place)
    return found


def end_group(group: int, *, grace_s: float, spare: int | None = None) -> set[Path]:
    """End every process of a group: first asked, then killed. Afterwards none is there.

    Args:
        group: its id.
        grace_s: seconds between asking and killing.
        spare: a process that is left alone.

    Returns:
        the shared memory that all of them held before.
    """
    held = find_shared_memory(list_members(group))
    for number, patience_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 10.0)):
        members = _others(group, spare)
        held |= find_shared_memory(members)
        for pid in members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        waits = int(patience_s / _LOOK_S)
        pause = threading.Event()
        while waits > 0 and _others(group, spare):
            waits -= 1
            pause.wait(_LOOK_S)
    return held


def remove_shared_memory(files: Iterable[Path], *, leaving: int | None = None) -> None:
    """Remove files below /dev/shm, but for those that a living process has mapped.

    Args:
        files: to remove.
        leaving: a process that is about to end, so that what it has mapped does not count.
    """
    in_use = find_shared_memory(pid for pid in _list_processes() if pid != leaving)
    for file in files:
        if file.parent == SHARED_MEMORY and file not in in_use:
            with contextlib.suppress(OSError):  # gone already, or another user's
                file.unlink()


def find_family() -> list[int]:
    """Return this process and all that it started, directly or not."""
    parents = {pid: _read_stat(pid) for pid in _list_processes()}
    family = [os.getpid()]
    for member in family:
        family += [pid for pid, stat in parents.items() if stat is not None and stat[1] == member]
    return family


def read_memory(pids: Iterable[int]) -> int:
    """Return the resident memory of the processes in bytes, shared pages divided among those that share them."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):  # ended meanwhile
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def read_processor_seconds(pids: Iterable[int]) -> float:
    """Return the seconds that processors have worked for the processes so far, all their threads together."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):  # ended meanwhile
            user, system = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[11:13]
            ticks += int(user) + int(system)
    return ticks / os.sysconf("SC_CLK_TCK")


def end_with_parent() -> None:
    """Let this process be killed when the one that started it ends, however that ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Whether there is a process of that id, other than one that has ended and was not yet waited for."""
    return _read_group(pid) is not None


def _others(group: int, spare: int | None) -> list[int]:
    return [pid for pid in list_members(group) if pid != spare]


def _list_processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _read_group(pid: int) -> int | None:
    stat = _read_stat(pid)
    return None if stat is None or stat[0] in "ZX" else stat[2]


def _read_stat(pid: int) -> tuple[str, int, int] | None:
    """Return state, parent and group, or None where there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    state, parent, group = text.rpartition(")")[2].split()[:3]  # the name before may hold anything, brackets too
    return state, int(parent), int(group)
