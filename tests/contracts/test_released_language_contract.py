"""SegEarth-R1's own form on every language backend: Phi, fused weights, the reference's names, in miniature.

Transformers always, vLLM where it is installed (`make test-vllm`).
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from evaluation.parity.golden_model import GoldenModel, build_golden_model
from launch import choose_vllm, load_settings
from serving.cancellation import Cancellation
from serving.engine import SegEarthEngine
from serving.errors import BackendUnavailableError, LanguageInputError
from serving.image_ref import ImageRef
from serving.imagery.admission import ImageLimits
from serving.imagery.intake import take_in_image
from serving.language.backend import LanguageBackend
from serving.language.question_tokenizer import QuestionTokenizer
from serving.loading import load_engine
from serving.model.released_names import VOCABULARY_HEAD
from serving.model.weight_files import find_weight_files
from serving.model_choice import ModelChoice
from serving.vllm_choice import VllmChoice
from tests.fakes.tiny_released import HIDDEN, TINY_RELEASED, write_tiny_checkpoint

QUESTIONS = ["Where is the  [SEG] red roof?", "", "где корабли? 🚢", "Highlight every ship in the lower left half."]
TOKENS = TINY_RELEASED.compressor.token_count


@dataclass(frozen=True)
class Tried:
    """A loaded model, and the backend inside it."""

    name: str
    engine: SegEarthEngine

    @property
    def backend(self) -> LanguageBackend:
        return self.engine._backend


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("tiny"), shard_bytes=400_000)


@pytest.fixture(scope="module")
def golden() -> GoldenModel:
    return build_golden_model(TINY_RELEASED)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> ImageRef:
    folder = tmp_path_factory.mktemp("image")
    pixels = np.random.default_rng(0).integers(0, 255, (90, 150, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "noise.png")
    return take_in_image(folder / "noise.png", rendering_folder=folder, limits=ImageLimits())


@pytest.fixture(scope="module")
def transformers(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    cache = tmp_path_factory.mktemp("cache")
    return Tried("transformers", load_engine(ModelChoice(checkpoint), cache_dir=cache, device="cpu"))


@pytest.fixture(scope="module")
def vllm(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    choice = ModelChoice(checkpoint, backend="vllm")
    vllm, cache = find_vllm(choice), tmp_path_factory.mktemp("cache")
    with closing(load_engine(choice, cache_dir=cache, device="cpu", vllm=vllm)) as engine:
        yield Tried("vllm", engine)


@pytest.fixture(scope="module", params=["transformers", pytest.param("vllm", marks=pytest.mark.vllm)])
def tried(request: pytest.FixtureRequest) -> Tried:
    tried: Tried = request.getfixturevalue(request.param)
    return tried


@pytest.fixture(scope="module")
def tokenizer(checkpoint: Path) -> QuestionTokenizer:
    return QuestionTokenizer(checkpoint, TINY_RELEASED.instruction, family="phi")


def find_vllm(choice: ModelChoice) -> VllmChoice:
    try:
        return choose_vllm(load_settings(), choice)
    except BackendUnavailableError:
        pytest.skip("vLLM is not installed: the vllm backend is NOT tried (make test-vllm installs it and tries it)")


def relative_error(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).norm() / expected.norm())


def draw_tokens(seed: int) -> Tensor:
    return torch.randn(TOKENS, HIDDEN, generator=torch.Generator().manual_seed(seed)) * 0.1


@torch.inference_mode()
def test_hidden_states_are_those_of_the_reference_s_layout(
    tried: Tried, golden: GoldenModel, tokenizer: QuestionTokenizer
) -> None:
    for round_number in range(2):  # the second round reads the kept prefixes
        for seed, question in enumerate(QUESTIONS):
            sequence = tokenizer.build_sequence(question, TOKENS)
            embeds = sequence.embed(golden.language.embed_tokens, draw_tokens(seed))
            expected = golden.language(embeds[None])[0, sequence.question_span]

            hidden = tried.backend.prefill_hidden(f"image {seed}", draw_tokens(seed), question)

            assert hidden.shape == expected.shape
            error = relative_error(hidden, expected)
            assert error <= 1e-4, f"round {round_number}, {question!r}: {error:.1e}"


def test_the_whole_model_marks_the_same_pixels(tried: Tried, transformers: Tried, image: ImageRef) -> None:
    for question in QUESTIONS[::2]:
        expected, found = (
            each.engine.segment(image, question, cancellation=Cancellation(), report_stage=lambda _: None)
            for each in (transformers, tried)
        )
        assert expected.mask.pixels.any()
        np.testing.assert_array_equal(found.mask.pixels, expected.mask.pixels)


def test_more_than_phi_reads_is_refused(tried: Tried) -> None:
    with pytest.raises(LanguageInputError, match="the language model reads 2,04"):
        tried.backend.prefill_hidden("image 0", draw_tokens(0), "where? " * 400)


@pytest.mark.vllm
def test_vllm_in_nf4_reads_like_transformers_in_nf4(checkpoint: Path, tmp_path: Path, transformers: Tried) -> None:
    pytest.importorskip("bitsandbytes", reason="bitsandbytes, which quantises, is not installed")
    choice = ModelChoice(checkpoint, quantisation="nf4", backend="vllm")
    vllm = find_vllm(choice)
    expected = load_engine(replace(choice, precision="bf16"), cache_dir=tmp_path, device="cpu")
    with closing(load_engine(choice, cache_dir=tmp_path, device="cpu", vllm=vllm)) as engine:
        for seed, question in enumerate(QUESTIONS):
            found, quantised, whole = (
                each.prefill_hidden(f"image {seed}", draw_tokens(seed), question)
                for each in (engine._backend, expected._backend, transformers.backend)
            )
            # Transformers' own nf4 lies 0.04 from itself in fp32, and 0.13 from what is not quantised.
            assert relative_error(found, quantised) <= 0.06
            assert relative_error(found, whole) >= 0.1, "nothing was quantised"


@pytest.mark.vllm
@torch.inference_mode()
def test_vllm_writes_with_the_checkpoint_s_own_head(
    vllm: Tried, golden: GoldenModel, tokenizer: QuestionTokenizer, checkpoint: Path
) -> None:
    head = {name: values for path in find_weight_files(checkpoint) for name, values in load_file(path).items()}[
        VOCABULARY_HEAD
    ]
    sequence = tokenizer.build_sequence(QUESTIONS[0], TOKENS)
    embeds = sequence.embed(golden.language.embed_tokens, draw_tokens(0))
    ids = list(tokenizer.reply_start_ids)
    start = len(ids)
    for _ in range(12):
        so_far = torch.cat((embeds, golden.language.embed_tokens(torch.tensor(ids))))
        ids.append(int((golden.language(so_far[None])[0, -1] @ head.T).argmax()))
        if ids[-1] == tokenizer.end_id:
            break

    text = "".join(vllm.backend.stream_text("image 0", draw_tokens(0), QUESTIONS[0], max_tokens=12))

    assert text == tokenizer.decode_reply(ids[start:])
    assert text
