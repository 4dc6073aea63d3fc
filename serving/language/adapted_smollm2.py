"""SmolLM2 as it answers: its weights with the trained adapter merged into them."""

import warnings
from pathlib import Path

import torch
from peft import PeftModel
from transformers.utils import logging as transformers_logging

from serving.language.question_tokenizer import QuestionTokenizer
from serving.language.smollm2 import SmolLM2
from serving.model.config import InstructionConfig


def load_adapted_smollm2(
    folder: Path,
    instruction: InstructionConfig,
    *,
    adapter: Path | None,
    dtype: torch.dtype = torch.float32,
) -> SmolLM2:
    """Load the backbone, with the adapter merged into its weights.

    Args:
        folder: weights and tokenizer in transformers' layout.
        instruction: the words around the visual tokens.
        adapter: folder of a peft adapter, or None.
        dtype: of its weights.
    """
    transformers_logging.disable_progress_bar()  # 270 small tensors are there before anyone could read a bar
    language = SmolLM2(folder, QuestionTokenizer(folder, instruction), dtype=dtype)
    if adapter is not None:
        with warnings.catch_warnings():
            # peft asks transformers by a name that it has renamed; nobody here can mend that.
            warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
            wrapped = PeftModel.from_pretrained(language.causal_model, str(adapter))
        language.causal_model = wrapped.merge_and_unload()
    return language.eval()
