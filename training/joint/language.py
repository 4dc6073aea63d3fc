"""A causal language model in training: embeddings in, hidden states out, and the head that predicts words."""

from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from serving.language.phi import PhiBackbone, split_fused_state
from serving.language.smollm2 import SmolLM2
from serving.model.config import LanguageConfig
from training.adapters import Adapters
from training.errors import StartUnusableError

_PHI = "microsoft/phi-1_5"
_NEW_TOKENS = 2  # [PAD] and [SEG], behind the tokenizer's own
_HEAD = "lm_head."
_BODY = "model."


class JointLanguage(nn.Module):
    """Body and head of one backbone.

    Attributes:
        body: decoder layers with the embedding table; of transformers.
        head: hidden states to vocabulary logits.
        adapters: low-rank updates inside `body`, or None where there are none.
    """

    def __init__(self, body: nn.Module, head: nn.Module, adapters: Adapters | None = None) -> None:
        super().__init__()
        self.body, self.head = body, head
        self.adapters = adapters

    @property
    def table(self) -> nn.Embedding:
        """The embedding table, (vocabulary, D)."""
        return cast(nn.Embedding, cast(PreTrainedModel, self.body).get_input_embeddings())

    def forward(self, embeddings: Tensor, attention_mask: Tensor) -> Tensor:
        """Return hidden states after the last norm, (B, L, D), of embeddings padded on the right."""
        output = self.body(inputs_embeds=embeddings, attention_mask=attention_mask, use_cache=False)
        return cast(Tensor, output.last_hidden_state)

    def keep_few_activations(self) -> None:
        """Compute each layer's activations again in the backward pass."""
        # transformers has given it another name; the bound in pyproject.toml allows versions with either.
        enable = getattr(self.body, "activation_checkpointing_enable", None)
        if enable is None:
            enable = cast(PreTrainedModel, self.body).gradient_checkpointing_enable
        enable({"use_reentrant": False})


def wrap_smollm2(language: SmolLM2, config: LanguageConfig) -> JointLanguage:
    """Return SmolLM2 with low-rank updates; its own weights stay as they are."""
    causal = language.causal_model
    adapters = Adapters(causal, config)
    return JointLanguage(causal.get_decoder(), causal.lm_head, adapters)


def build_phi(config: LanguageConfig) -> JointLanguage:
    """Return a Phi backbone with weights drawn at random, N(0, 0.02)."""
    phi = PhiBackbone(config).phi
    for name, parameter in phi.named_parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=0.02)
        elif name.endswith("layernorm.weight"):
            nn.init.ones_(parameter)
        else:
            nn.init.zeros_(parameter)
    head = nn.Linear(config.hidden_size, config.vocabulary_size, bias=False)
    nn.init.normal_(head.weight, std=0.02)
    return JointLanguage(phi, head)


def add_phi_adapters(language: JointLanguage, config: LanguageConfig) -> None:
    """Freeze a Phi backbone and give it low-rank updates to train."""
    language.adapters = Adapters(cast(PreTrainedModel, language.body), config, base_model=_PHI)
    language.head.requires_grad_(False)


def load_phi_weights(language: JointLanguage, folder: Path, config: LanguageConfig) -> None:
    """Fill a Phi backbone from a folder in transformers' layout (PhiForCausalLM).

    Rows of the vocabulary that the folder's tokenizer does not use are dropped; of the two that are added, [PAD] gets
    the mean of the others and [SEG] keeps its random start, as in the reference. Its head has no bias, so that of
    Phi-1.5 is dropped too.

    Raises:
        StartUnusableError: a parameter is missing or has another shape.
    """
    tensors: dict[str, Tensor] = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(path)
    if not tensors:
        raise StartUnusableError("start.language names a folder without .safetensors files.")
    tensors = split_fused_state(tensors, config.heads)
    wanted = {_BODY + name: values for name, values in language.body.state_dict().items()}
    wanted |= {_HEAD + name: values for name, values in language.head.state_dict().items()}
    with torch.no_grad():
        for name, values in wanted.items():
            if name not in tensors:
                raise StartUnusableError(f"The language model in start.language lacks {name}.")
            _copy(name, tensors[name], values)


def _copy(name: str, found: Tensor, values: Tensor) -> None:
    """Fill `values`, a view of a parameter, as far as it goes."""
    if found.shape == values.shape:
        values.copy_(found)
        return
    if name not in (f"{_BODY}embed_tokens.weight", f"{_HEAD}weight") or found.shape[1:] != values.shape[1:]:
        raise StartUnusableError(
            f"{name} in start.language has shape {tuple(found.shape)}; the model needs {tuple(values.shape)}."
        )
    known = min(len(found), len(values) - _NEW_TOKENS)
    values[:known] = found[:known]
    values[known] = found[:known].float().mean(0)
