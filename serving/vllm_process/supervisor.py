"""Starts the engine's process, watches it, starts it again when it dies, and leaves nothing behind."""

import secrets
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path

import structlog

from serving.errors import BackendUnavailableError, LanguageUnavailableError
from serving.vllm_process.child_channel import ChildChannel, ChildEnded, ask_health
from serving.vllm_process.client import Address
from serving.vllm_process.endings import Ending, explain_ending
from serving.vllm_process.process_group import end_group, find_shared_memory, list_members, remove_shared_memory
from serving.vllm_process.program import Patience, Program
from serving.vllm_process.runtime_folder import (
    RuntimeFolder,
    create_runtime_folder,
    name_plugins,
    remove_left_folders,
)
from serving.vllm_process.settings import EngineSettings, Orders


class State(Enum):
    """Where the engine is in its life."""

    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    FAILED = "failed"  # the first start did not succeed; nobody tries again
    STOPPED = "stopped"


class EngineSupervisor:
    """Keeps one engine running. Safe to call from several threads.

    Args:
        program: what is started.
        settings: what it serves.
        patience: how long is waited.
        report: told in a few words how far the first start is.
    """

    def __init__(
        self,
        program: Program,
        settings: EngineSettings,
        *,
        patience: Patience,
        report: Callable[[str], None],
    ) -> None:
        self._program = program
        self._settings = settings
        self._patience = patience
        self._report = report
        self._log = structlog.get_logger()
        self._changed = threading.Condition()
        self._state = State.STOPPED
        self._address: Address | None = None
        self._failure: LanguageUnavailableError | BackendUnavailableError | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._restarts = 0
        self._since = 0.0

    @property
    def settings(self) -> EngineSettings:
        """What is served."""
        return self._settings

    @property
    def state(self) -> State:
        """Where the engine is in its life."""
        return self._state

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return self._restarts

    @property
    def pid(self) -> int:
        """The id of the process, and of its group.

        Raises:
            LanguageUnavailableError: none runs.
        """
        child = self._child
        if child is None:
            raise self._unavailable()
        return child.pid

    def start(self) -> None:
        """Start the engine and wait until it can answer.

        Raises:
            LanguageUnavailableError: it did not become ready.
            BackendUnavailableError: vLLM is not installed, or cannot serve this model.
        """
        remove_left_folders()
        self._set(State.STARTING)
        self._thread = threading.Thread(target=self._supervise, name="language-engine", daemon=True)
        self._thread.start()
        self.wait_until_ready(timeout_s=self._patience.start_s + 30)  # the deadline itself is kept by the thread

    def wait_until_ready(self, *, timeout_s: float, after_restarts: int = 0) -> None:
        """Wait while the engine starts, or starts again.

        Args:
            timeout_s: longest wait.
            after_restarts: an engine that was started again less often does not count; for who has seen it die.

        Raises:
            LanguageUnavailableError: it is still not ready, or never will be.
            BackendUnavailableError: vLLM is not installed, or cannot serve this model.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._state in (State.FAILED, State.STOPPED)
                    or (self._state is State.READY and self._restarts >= after_restarts)
                ),
                timeout=timeout_s,
            )
            if self._state is not State.READY or self._restarts < after_restarts:
                raise self._unavailable()

    def find_address(self) -> Address:
        """Return where the engine listens now.

        Raises:
            LanguageUnavailableError: it is not ready.
        """
        with self._changed:
            if self._state is not State.READY or self._address is None:
                raise self._unavailable()
            return self._address

    def stop(self) -> None:
        """End the engine; afterwards no process, folder or shared memory of it is there."""
        self._stopping.set()
        child, thread = self._child, self._thread
        if child is not None:
            with suppress(ProcessLookupError):
                child.terminate()  # wakes whoever waits for its words
        if thread is not None:
            thread.join()
        if self._state is not State.FAILED:
            self._set(State.STOPPED)

    def _supervise(self) -> None:
        pause_s = self._patience.first_pause_s
        is_first = True
        while not self._stopping.is_set():
            began = time.monotonic()
            ending = self._live_once(is_first)
            if self._stopping.is_set():
                return
            self._log.error(
                "language_engine_ended",
                exit_status=ending.status,
                was_ready=ending.was_ready,
                seconds=round(time.monotonic() - began, 1),
                last_words=ending.last_words,
            )
            if is_first and not ending.was_ready:
                self._failure = explain_ending(ending)
                self._set(State.FAILED)
                return
            is_first = False
            self._restarts += 1
            self._set(State.RESTARTING)
            if time.monotonic() - began > self._patience.settled_s:
                pause_s = self._patience.first_pause_s
            self._stopping.wait(pause_s)
            pause_s = min(pause_s * 2, self._patience.longest_pause_s)

    def _live_once(self, is_first: bool) -> Ending:
        """Start the process, watch it until it ends, and clear away what is left of it."""
        folder = create_runtime_folder(self._program.packages)
        orders = Orders(self._settings, secrets.token_hex(32))
        started = time.monotonic()
        with folder.log.open("wb") as log:
            try:
                child = subprocess.Popen(
                    [self._program.python, "-m", "serving.vllm_process.child"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=folder.root,
                    env={
                        **self._program.environment,
                        "PYTHONPATH": str(folder.import_path),
                        "VLLM_PLUGINS": name_plugins(self._settings),
                    },
                    start_new_session=True,  # a group of its own: Ctrl-C at the terminal is ours to answer
                )
            except OSError as error:
                folder.remove()
                return Ending(status=None, was_ready=False, failed=f"no interpreter ({error.strerror})")
        self._child = child
        held: set[Path] = set()
        was_ready, failed, timed_out = False, "", False
        with ChildChannel(child) as channel:
            try:
                if self._stopping.is_set():  # asked to stop before there was a process to end
                    raise ChildEnded
                channel.send(orders.to_json())
                for stage in channel.read_stages(self._patience.start_s):
                    if is_first:
                        self._report(f"Language engine: {stage} ({time.monotonic() - started:.0f} s)")
                was_ready = True
                self._address = Address(folder.socket, orders.key)
                self._set(State.READY)
                self._log.info("language_engine_ready", seconds=round(time.monotonic() - started, 1))
                held = self._watch(channel, folder, self._address)
            except ChildEnded as ended:
                failed, timed_out = ended.failed, ended.timed_out
            finally:
                self._address = None
                if was_ready and not self._stopping.is_set():
                    self._set(State.RESTARTING)
                held |= folder.noted_shared_memory()
                held |= end_group(child.pid, grace_s=self._patience.grace_s)
                status = child.wait()
                self._child = None
        remove_shared_memory(held)
        last_words = _read_end(folder.log)
        folder.remove()
        return Ending(status=status, was_ready=was_ready, failed=failed, timed_out=timed_out, last_words=last_words)

    def _watch(self, channel: ChildChannel, folder: RuntimeFolder, address: Address) -> set[Path]:
        """Return when the process has ended, or answers no more; says what shared memory it held."""
        misses = 0
        held: set[Path] = set()
        while misses < self._patience.health_misses:
            held |= find_shared_memory(list_members(channel.pid))
            folder.note_shared_memory(held)
            if channel.wait_for_end(self._patience.health_interval_s) or self._stopping.is_set():
                return held
            misses = 0 if ask_health(address, self._patience.health_s) else misses + 1
        self._log.error("language_engine_silent", misses=misses)
        return held

    def _set(self, state: State) -> None:
        with self._changed:
            if state is not self._state:
                self._since = time.monotonic()
            self._state = state
            self._changed.notify_all()

    def _unavailable(self) -> LanguageUnavailableError | BackendUnavailableError:
        if self._failure is not None:
            return self._failure
        if self._state is State.STOPPED:
            return LanguageUnavailableError("The language engine has been stopped. Please start the program again.")
        doing = "being started" if self._state is State.STARTING else "being started again"
        return LanguageUnavailableError(
            f"The language engine is {doing}, for {time.monotonic() - self._since:.0f} seconds so far. "
            "Please ask again in a moment; everything else goes on working."
        )


def _read_end(log: Path, size: int = 20_000) -> str:
    # The process in which vLLM fails is not the last to say so: each that waits for it adds a traceback.
    with suppress(OSError):
        return log.read_bytes()[-size:].decode(errors="replace")
    return ""
