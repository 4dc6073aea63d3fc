"""The backend that asks vLLM's process: what is sent and what comes back, with a fake engine in a real process."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import torch

from serving.cancellation import Cancellation
from serving.errors import LanguageInputError, LanguageUnavailableError, SegmentationCancelledError
from serving.language.question_tokenizer import QuestionTokenizer
from serving.language.vllm_backend import VllmBackend
from serving.vllm_process.program import Patience, Program
from serving.vllm_process.settings import EngineSettings
from serving.vllm_process.supervisor import EngineSupervisor
from tests.fakes.text_engine import BOUNDS, HIDDEN, SLOW, Start

ROOT = Path(__file__).resolve().parents[3]
VISUAL = torch.arange(2.0 * HIDDEN).view(2, HIDDEN)


class NumberTokenizer:
    """Reads a question that is written as ids; the last one stands for the SEG token."""

    before_image_ids = (1, 2)
    after_image_ids = (3,)
    reply_start_ids = (40,)

    def tokenize_question(self, question: str) -> list[int]:
        return [int(word) for word in question.split()]

    def tokenize_words(self, text: str) -> list[int]:
        return self.tokenize_question(text)


TOKENIZER = cast(QuestionTokenizer, NumberTokenizer())


@pytest.fixture(scope="module")
def supervisor() -> Iterator[EngineSupervisor]:
    program = Program(Path(sys.executable), {"PATH": "/usr/bin:/bin"}, packages={"tests": ROOT / "tests"})
    settings = EngineSettings(Start().to_json(), entry="tests.fakes.text_engine:open_fake_engine")
    supervisor = EngineSupervisor(program, settings, patience=Patience(grace_s=0.3), report=lambda _: None)
    supervisor.start()
    yield supervisor
    supervisor.stop()


class Unstopped:
    """The same supervisor for many backends: closing one of them does not end it."""

    def __init__(self, supervisor: EngineSupervisor) -> None:
        self.find_address = supervisor.find_address
        self.stops = 0

    def stop(self) -> None:
        self.stops += 1


@pytest.fixture
def backend(supervisor: EngineSupervisor) -> Iterator[VllmBackend]:
    backend = VllmBackend(Unstopped(supervisor), TOKENIZER, bounds=BOUNDS)
    yield backend
    backend.close()


def test_the_question_s_own_states_come_back(backend: VllmBackend) -> None:
    hidden = backend.prefill_hidden("image", VISUAL, "7 8 9")
    assert hidden.dtype == torch.float32
    assert hidden[:, 0].tolist() == [7, 8, 9]


def test_learned_tokens_are_read_after_the_question_and_stand_for_it(supervisor: EngineSupervisor) -> None:
    learned = torch.full((2, HIDDEN), 0.5)
    backend = VllmBackend(Unstopped(supervisor), TOKENIZER, bounds=BOUNDS, learned_tokens=learned)
    torch.testing.assert_close(backend.prefill_hidden("image", VISUAL, "7 8 9"), learned)
    backend.close()


def test_a_reply_follows_its_start(backend: VllmBackend) -> None:
    assert list(backend.stream_text("image", VISUAL, "7", max_tokens=3)) == ["40 ", "41 ", "42 "]


def test_replies_are_rated_by_what_the_engine_writes_itself(backend: VllmBackend) -> None:
    # The engine counts from the prompt's last token on.
    same, alike, other = backend.rate_replies("5 6 ", "7", ["7 8 9 10 11 12", "7 8 1 2", "1 2 3"])
    assert 1.0 >= same > alike > other == 0.0
    with pytest.raises(LanguageInputError):
        backend.rate_replies("7 " * 50, "7", ["7"])
    wait_until_idle(backend)


def test_what_would_do_harm_is_not_sent(backend: VllmBackend) -> None:
    for visual in (VISUAL * float("nan"), VISUAL[:, 1:], VISUAL[None], VISUAL[:0]):
        with pytest.raises(LanguageInputError):
            backend.prefill_hidden("image", visual, "7")
    with pytest.raises(LanguageInputError, match="together make 55 tokens; the language model reads 50"):
        backend.prefill_hidden("image", VISUAL, "7 " * 50)
    with pytest.raises(LanguageInputError, match="56 tokens"):
        backend.stream_text("image", VISUAL, "7", max_tokens=49)


def test_stop_ends_a_question_that_waits(backend: VllmBackend) -> None:
    cancellation = Cancellation()
    threading.Timer(0.3, cancellation.cancel).start()
    with pytest.raises(SegmentationCancelledError):
        backend.prefill_hidden("image", VISUAL, str(SLOW), cancellation=cancellation)
    wait_until_idle(backend)


def test_a_reply_that_nobody_reads_on_is_let_go(backend: VllmBackend) -> None:
    slow = NumberTokenizer()
    slow.reply_start_ids = (SLOW,)
    backend._tokenizer = cast(QuestionTokenizer, slow)
    pieces = backend.stream_text("image", VISUAL, "7", max_tokens=5)
    assert next(pieces) == f"{SLOW} "
    pieces.close()
    wait_until_idle(backend)


def test_a_dead_engine_is_a_sentence(supervisor: EngineSupervisor, tmp_path: Path) -> None:
    class Gone(Unstopped):
        def __init__(self) -> None:
            super().__init__(supervisor)
            address = supervisor.find_address()
            self.find_address = lambda: type(address)(tmp_path / "no socket", address.key)

    backend = VllmBackend(Gone(), TOKENIZER, bounds=BOUNDS)
    with pytest.raises(LanguageUnavailableError, match="stopped while it was answering"):
        backend.prefill_hidden("image", VISUAL, "7")
    backend.close()


def test_closing_ends_the_engine(supervisor: EngineSupervisor) -> None:
    counted = Unstopped(supervisor)
    VllmBackend(counted, TOKENIZER, bounds=BOUNDS).close()
    assert counted.stops == 1


def wait_until_idle(backend: VllmBackend) -> None:
    pause = threading.Event()
    for _ in range(400):
        if backend.count_in_flight() == 0:
            return
        pause.wait(0.05)
    pytest.fail("the request is still worked on")
