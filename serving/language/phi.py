"""The Phi-1.5 backbone: embeddings in, hidden states out, through transformers.

Nothing is decoded here and no attention weights are kept; SegEarth-R1 needs one forward pass only.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from transformers import PhiConfig, PhiModel

from serving.model.config import LanguageConfig

# What the released checkpoint was trained with; longer sequences have no meaning for it.
MAX_POSITIONS = 2048

_FUSED = "query_key_value"
_SPLIT = ("q_proj", "k_proj", "v_proj")


class PhiBackbone(nn.Module):
    """A causal language model without its output layer.

    The parameters hold no values until they are loaded: drawing 1.3 billion random numbers first takes a while and
    nobody starts from them. On the device "meta" they take no memory either.
    """

    def __init__(self, config: LanguageConfig, *, device: torch.device | str = "cpu") -> None:
        super().__init__()
        self.config = config
        with torch.device("meta"):
            phi = PhiModel(to_phi_config(config))
        self.phi = phi if str(device) == "meta" else phi.to_empty(device=torch.device(device))
        # The rotary frequencies are no parameters, so that no checkpoint brings them back.
        self.phi.rotary_emb = type(phi.rotary_emb)(phi.config)

    @property
    def embed_tokens(self) -> nn.Embedding:
        """The embedding table, (vocabulary, D)."""
        table = self.phi.embed_tokens
        assert isinstance(table, nn.Embedding)
        return table

    def forward(self, inputs_embeds: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Return the hidden states after the final LayerNorm, (B, L, D).

        Args:
            inputs_embeds: (B, L, D), any float dtype.
            attention_mask: (B, L), 1 to keep and 0 for padding on the right; None keeps everything.
        """
        output = self.phi(inputs_embeds=inputs_embeds, attention_mask=attention_mask, use_cache=False)
        hidden: Tensor = output.last_hidden_state
        return hidden


def to_phi_config(config: LanguageConfig) -> PhiConfig:
    """Return the transformers config of the same sizes."""
    if config.family != "phi":
        raise ValueError(f"expected the phi family, got {config.family}")
    return PhiConfig(
        vocab_size=config.vocabulary_size,
        hidden_size=config.hidden_size,
        intermediate_size=config.intermediate_size,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.key_value_heads,
        layer_norm_eps=config.norm_eps,
        max_position_embeddings=MAX_POSITIONS,
        rope_parameters={
            "rope_type": "default",
            "rope_theta": config.rope_theta,
            "partial_rotary_factor": config.rotary_dim / config.head_dim,
        },
    )


def fused_name(name: str) -> str:
    """Return the reference's name of a parameter of `PhiModel`: one for query, key and value together."""
    for split_name in _SPLIT:
        name = name.replace(f".{split_name}.", f".{_FUSED}.")
    return name


def is_fused(name: str) -> bool:
    """Whether `name` is that of the reference's matrix (or bias) for query, key and value together."""
    return f".{_FUSED}." in name


def split_names(name: str) -> list[str]:
    """Return the three names of what is fused under `name`: query, key, value."""
    return [name.replace(f".{_FUSED}.", f".{split_name}.") for split_name in _SPLIT]


def split_fused(name: str, fused: Tensor, heads: int) -> Iterator[tuple[str, Tensor]]:
    """Yield the parameters that one of the reference's becomes here.

    The reference keeps query, key and value in one matrix laid out [head][q, k, v][head_dim]; transformers keeps three.

    Args:
        name: the reference's parameter name; any but a fused one is yielded as it is.
        fused: its values; (3·D, D) or (3·D,) where fused.
        heads: attention heads.
    """
    if not is_fused(name):
        yield name, fused
        return
    by_head = fused.reshape(heads, 3, -1, *fused.shape[1:])  # (heads, 3, head_dim, ...)
    for part, split_name in enumerate(split_names(name)):
        yield split_name, by_head[:, part].flatten(0, 1)


def split_fused_state(state: dict[str, Tensor], heads: int) -> dict[str, Tensor]:
    """Return a state dict for `PhiModel` from one in the reference's layout."""
    return {name: values for fused, tensor in state.items() for name, values in split_fused(fused, tensor, heads)}
