"""The engine's process is started, watched, started again, and leaves nothing; with a fake engine in a real process."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from serving.errors import BackendUnavailableError, LanguageUnavailableError
from serving.vllm_process.process_group import SHARED_MEMORY, is_alive, list_members
from serving.vllm_process.program import Patience, Program
from serving.vllm_process.settings import EngineSettings
from serving.vllm_process.supervisor import EngineSupervisor, State
from tests.fakes.text_engine import Start

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Program(Path(sys.executable), {"PATH": "/usr/bin:/bin"}, packages={"tests": ROOT / "tests"})
QUICK = Patience(start_s=60, health_interval_s=0.2, grace_s=0.3, first_pause_s=0.1, longest_pause_s=0.2)


def wait_until(claim: Callable[[], bool], *, seconds: float = 90) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if claim():
            return
        pause.wait(0.05)
    pytest.fail("it did not come true in time")


def folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob(f"segearth-engine-{os.getpid()}-*"))


def supervise(start: Start, patience: Patience = QUICK, program: Program = PROGRAM) -> EngineSupervisor:
    settings = EngineSettings(start.to_json(), entry="tests.fakes.text_engine:open_fake_engine")
    return EngineSupervisor(program, settings, patience=patience, report=lambda _: None)


@contextmanager
def running(start: Start, patience: Patience = QUICK) -> Iterator[EngineSupervisor]:
    supervisor = supervise(start, patience)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()


@pytest.fixture
def shared_memory() -> Iterator[Path]:
    file = SHARED_MEMORY / f"segearth-test-{os.getpid()}-{threading.get_ident()}"
    yield file
    file.unlink(missing_ok=True)


def test_a_start_ends_ready_and_a_stop_leaves_nothing(shared_memory: Path) -> None:
    with running(Start(shared_memory=str(shared_memory), helper=True)) as supervisor:
        assert supervisor.state is State.READY
        group = supervisor.pid
        assert len(list_members(group)) == 2
        assert shared_memory.exists()
        socket = supervisor.find_address().socket
        assert socket.parent.stat().st_mode & 0o077 == 0, "the folder of the socket is open to others"
    with pytest.raises(LanguageUnavailableError, match="has been stopped"):
        supervisor.find_address()
    assert list_members(group) == []
    assert not shared_memory.exists()
    assert folders() == set()


def test_a_killed_engine_comes_back_with_another_key(shared_memory: Path) -> None:
    with running(Start(shared_memory=str(shared_memory), helper=True)) as supervisor:
        first, group = supervisor.find_address(), supervisor.pid
        wait_until(lambda: bool(folders()) and all((folder / "shared_memory").exists() for folder in folders()))
        os.kill(group, signal.SIGKILL)
        wait_until(lambda: supervisor.restarts == 1 and supervisor.state is State.READY)
        assert list_members(group) == [], "a process of the killed engine is left"
        second = supervisor.find_address()
        assert first.key != second.key
        assert not first.socket.exists()


def test_while_it_is_down_the_sentence_says_so(tmp_path: Path) -> None:
    with running(Start(once=str(tmp_path / "started"))) as supervisor:
        os.kill(supervisor.pid, signal.SIGKILL)
        wait_until(lambda: supervisor.restarts >= 2)  # and goes on trying, as the marker lets no second start succeed
        with pytest.raises(LanguageUnavailableError, match=r"being started again, for \d+ seconds so far"):
            supervisor.find_address()
        (tmp_path / "started").unlink()
        supervisor.wait_until_ready(timeout_s=30)


def test_an_engine_that_answers_no_more_is_started_again() -> None:
    impatient = Patience(start_s=60, health_interval_s=0.1, health_s=0.2, health_misses=2, grace_s=0.2, first_pause_s=0)
    with running(Start(), impatient) as supervisor:
        os.kill(supervisor.pid, signal.SIGSTOP)
        wait_until(lambda: supervisor.restarts == 1 and supervisor.state is State.READY)


@pytest.mark.parametrize(
    ("start", "error", "sentence"),
    [
        (Start(fails="No such model."), BackendUnavailableError, "^No such model.$"),
        (Start(says="x"), LanguageUnavailableError, r"stopped while it started \(exit status 7\)"),
        (Start(says="torch.OutOfMemoryError"), LanguageUnavailableError, "Lower SEGEARTH_VLLM_KV_CACHE_GB"),
    ],
)
def test_a_first_start_that_fails_says_what_to_do(start: Start, error: type[Exception], sentence: str) -> None:
    supervisor = supervise(start)
    with pytest.raises(error, match=sentence):
        supervisor.start()
    supervisor.stop()
    assert supervisor.state is State.FAILED
    assert folders() == set()


def test_a_start_has_a_deadline() -> None:
    supervisor = supervise(Start(hangs=True), Patience(start_s=1.5, grace_s=0.2))
    with pytest.raises(LanguageUnavailableError, match="not ready in time"):
        supervisor.start()
    supervisor.stop()


def test_an_interpreter_without_the_packages_is_named() -> None:
    settings = EngineSettings("{}", entry="a_package_that_nobody_has:open")
    supervisor = EngineSupervisor(PROGRAM, settings, patience=QUICK, report=lambda _: None)
    with pytest.raises(BackendUnavailableError, match="The package a_package_that_nobody_has is not in the Python"):
        supervisor.start()
    supervisor.stop()


def test_a_missing_interpreter_is_named(tmp_path: Path) -> None:
    supervisor = supervise(Start(), program=Program(tmp_path / "python", {}))
    with pytest.raises(BackendUnavailableError, match="cannot be started"):
        supervisor.start()
    supervisor.stop()


def test_a_stop_while_it_starts_is_heeded() -> None:
    supervisor = supervise(Start(hangs=True))
    sentences: list[str] = []

    def start() -> None:
        try:
            supervisor.start()
        except LanguageUnavailableError as error:
            sentences.append(str(error))

    starting = threading.Thread(target=start)
    starting.start()
    wait_until(lambda: bool(folders()))
    supervisor.stop()
    starting.join(timeout=10)
    assert sentences == ["The language engine has been stopped. Please start the program again."]
    assert folders() == set()


# Where the tests run in the background of a shell, SIGINT is ignored, and programs inherit that.
PARENT = """
import signal
import sys
import structlog
from tests.fakes.text_engine import Start
from tests.serving.vllm_process.test_supervisor import supervise
signal.signal(signal.SIGINT, signal.default_int_handler)
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
supervisor = supervise(Start(shared_memory=sys.argv[1], helper=True, hangs=sys.argv[2] == "hangs"))
if sys.argv[2] == "hangs":
    import threading
    threading.Thread(target=supervisor.start, daemon=True).start()
    while not supervisor._child: pass
else:
    supervisor.start()
print(supervisor.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("moment", ["ready", "hangs"])
def test_nothing_outlives_the_program(shared_memory: Path, number: signal.Signals, moment: str) -> None:
    command = [sys.executable, "-c", PARENT, str(shared_memory), moment]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        group = int(parent.stdout.readline())
        assert is_alive(group)
        parent.send_signal(number)
        parent.wait(timeout=30)
    wait_until(lambda: list_members(group) == [])
    wait_until(lambda: not list(Path(tempfile.gettempdir()).glob(f"segearth-engine-{parent.pid}-*")))
    assert not shared_memory.exists()
