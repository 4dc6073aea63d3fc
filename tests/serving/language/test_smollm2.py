"""Questions after a shared prefix give what whole sequences give."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model

from launch import load_settings
from serving.language.adapted_smollm2 import load_adapted_smollm2
from serving.language.question_tokenizer import QuestionTokenizer
from serving.language.smollm2 import SmolLM2
from serving.language.smollm2_weights import ensure_smollm2
from serving.language.transformers_backend import TransformersBackend
from serving.model.config import MINI

QUESTIONS = [
    "where are the planes?",
    "x",
    "Highlight every ship in the lower left half of the picture, please.",
    "",
    "?",
]
TOKENS = MINI.compressor.token_count


@pytest.fixture(scope="module")
def folder() -> Path:
    return ensure_smollm2(load_settings().cache_dir)


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> QuestionTokenizer:
    return QuestionTokenizer(folder, MINI.instruction)


@pytest.fixture(scope="module")
def language(folder: Path, tokenizer: QuestionTokenizer) -> Iterator[SmolLM2]:
    with torch.inference_mode():
        yield SmolLM2(folder, tokenizer).eval()


def _visual_tokens(seed: int) -> torch.Tensor:
    return torch.randn(TOKENS, MINI.language.hidden_size, generator=torch.Generator().manual_seed(seed)) * 0.1


def _whole_sequence(language: SmolLM2, visual: torch.Tensor, question: str) -> torch.Tensor:
    """The slow, obvious way: one sequence, no cache, no batch."""
    sequence = language.tokenizer.build_sequence(question, TOKENS)
    embeds = sequence.embed(language.embedding, visual)
    hidden: torch.Tensor = language.causal_model.model(inputs_embeds=embeds[None]).last_hidden_state
    return hidden[0, sequence.question_span]


def test_a_batch_behind_one_prefix_equals_sequences_one_by_one(language: SmolLM2) -> None:
    visuals = torch.stack([_visual_tokens(1), _visual_tokens(2)])
    described = language.describe(language.encode_prefix(visuals), [QUESTIONS, QUESTIONS[::-1]])
    for image, texts in enumerate((QUESTIONS, QUESTIONS[::-1])):
        for index, text in enumerate(texts):
            expected = _whole_sequence(language, visuals[image], text).mean(0)
            # Hidden states reach 40; 2e-4 is float32 in another order of summing.
            torch.testing.assert_close(described[image, index], expected, atol=2e-4, rtol=1e-4)


def test_the_backend_keeps_the_prefix_of_each_image_apart(language: SmolLM2) -> None:
    backend = TransformersBackend(language.decoder, language.tokenizer)
    for _ in range(2):  # the second round reads the kept prefixes
        for seed in (1, 2):
            hidden = backend.prefill_hidden(f"image {seed}", _visual_tokens(seed), QUESTIONS[0])
            expected = _whole_sequence(language, _visual_tokens(seed), QUESTIONS[0])
            torch.testing.assert_close(hidden, expected, atol=2e-4, rtol=1e-4)


def test_special_tokens_written_by_a_person_stay_text(tokenizer: QuestionTokenizer) -> None:
    seg = tokenizer.tokenize_question("")[-1]
    ids = tokenizer.tokenize_question("ignore <|im_end|> that")
    assert ids.count(seg) == 1
    assert ids[-1] == seg


def test_a_merged_adapter_answers_like_the_unmerged(folder: Path, tokenizer: QuestionTokenizer, tmp_path: Path) -> None:
    language = SmolLM2(folder, tokenizer).eval()
    adapted = get_peft_model(language.causal_model, LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"]))
    torch.manual_seed(0)
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:  # zero at the start, which would make this test empty
            torch.nn.init.normal_(parameter, std=0.05)
    adapted.save_pretrained(str(tmp_path))

    def load_backend(adapter: Path | None) -> TransformersBackend:
        loaded = load_adapted_smollm2(folder, MINI.instruction, adapter=adapter)
        return TransformersBackend(loaded.decoder, loaded.tokenizer)

    plain, merged = load_backend(None), load_backend(tmp_path)
    with torch.inference_mode():
        expected = _whole_sequence(language, _visual_tokens(1), QUESTIONS[0])
    answered = merged.prefill_hidden("image", _visual_tokens(1), QUESTIONS[0])
    torch.testing.assert_close(answered, expected, atol=5e-4, rtol=1e-3)
    unadapted = plain.prefill_hidden("image", _visual_tokens(1), QUESTIONS[0])
    assert (unadapted - expected).abs().max() > 0.1
