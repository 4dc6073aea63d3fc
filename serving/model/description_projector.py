"""The question's meaning and the coarsest features become one query.

Of the released perceiver layer only the first row of the latents (the mean of the question's hidden states) reaches
the result, and keys hold that row alone beside the pixels; so only that row is computed, for Q questions at once.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from serving.model.config import DescriptionProjectorConfig


class PerceiverAttention(nn.Module):
    """A description attends to the pixels and to itself; no biases but in the norms."""

    def __init__(self, dim: int, heads: int, head_dim: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_media = nn.LayerNorm(dim)
        self.norm_latents = nn.LayerNorm(dim)
        self.to_q = nn.Linear(dim, heads * head_dim, bias=False)
        self.to_kv = nn.Linear(dim, 2 * heads * head_dim, bias=False)
        self.to_out = nn.Linear(heads * head_dim, dim, bias=False)

    def forward(self, latents: Tensor, media: Tensor) -> Tensor:
        """Each of (B, Q, D) attends to (B, L, D) and to itself, never to another description; returns (B, Q, D)."""
        latents, media = self.norm_latents(latents), self.norm_media(media)
        q = self._split(self.to_q(latents))
        k, v = (self._split(part) for part in self.to_kv(media).chunk(2, -1))
        own_k, own_v = (self._split(part) for part in self.to_kv(latents).chunk(2, -1))
        q = q * q.shape[-1] ** -0.5
        scores = torch.cat((q @ k.transpose(-1, -2), (q * own_k).sum(-1, keepdim=True)), -1)
        weights = scores.softmax(-1)
        gathered = weights[..., :-1] @ v + weights[..., -1:] * own_v
        return cast(Tensor, self.to_out(gathered.transpose(1, 2).flatten(2)))

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)  # (B, heads, L, head_dim)


class PerceiverLayer(nn.Module):
    """Attention, then a small feed-forward, both with a residual; a final norm."""

    def __init__(self, dim: int, heads: int, head_dim: int, multiplier: int) -> None:
        super().__init__()
        self.attention = PerceiverAttention(dim, heads, head_dim)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(dim),
            nn.Linear(dim, dim * multiplier, bias=False),
            nn.GELU(),
            nn.Linear(dim * multiplier, dim, bias=False),
        )
        self.norm = nn.LayerNorm(dim)

    def forward(self, latents: Tensor, media: Tensor) -> Tensor:
        """(B, Q, D) and (B, L, D) to (B, Q, D)."""
        latents = latents + self.attention(latents, media)
        latents = latents + self.feed_forward(latents)
        return cast(Tensor, self.norm(latents))


class DescriptionProjector(nn.Module):
    """Source: SegEarth-R1 (arXiv 2504.09644), description projection module; perceiver layer over res5."""

    def __init__(self, config: DescriptionProjectorConfig) -> None:
        super().__init__()
        self.config = config
        self.text_mean: Tensor
        self.text_std: Tensor
        self.learned_tokens: nn.Parameter | None = None
        self.seg_projector = nn.Linear(config.text_dim, config.dim)
        if config.fuses_image:
            self.text_projector = nn.Linear(config.text_dim, config.dim)
            self.visual_projector = nn.Linear(config.visual_dim, config.dim)
            self.perceiver = PerceiverLayer(config.dim, config.heads, config.head_dim, config.feed_forward_multiplier)
        self.query_projector = nn.Linear((2 if config.fuses_image else 1) * config.dim, config.query_dim)
        if config.query_source == "learned":
            # Embeddings that the language model reads after the question, (N, D_lm).
            self.learned_tokens = nn.Parameter(torch.randn(config.learned_token_count, config.text_dim) * 0.02)
        if config.standardises_text:
            self.register_buffer("text_mean", torch.zeros(config.text_dim))
            self.register_buffer("text_std", torch.ones(config.text_dim))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, description: Tensor, res5: Tensor) -> Tensor:
        """Return queries, (B, Q, query_dim).

        Args:
            description: what `describe` makes of the hidden states, (B, Q, D_lm).
            res5: stride-32 features of the same images, (B, C, H/32, W/32).
        """
        description = self.standardise(description)
        direct = self.seg_projector(description)
        if not self.config.fuses_image:
            return cast(Tensor, self.query_projector(direct))
        media = self.visual_projector(res5.flatten(2).transpose(1, 2))
        fused = self.perceiver(self.text_projector(description), media)
        return cast(Tensor, self.query_projector(torch.cat((direct, fused), -1)))

    def standardise(self, description: Tensor) -> Tensor:
        """Return a description, (..., D_lm), shifted and scaled per dimension where the config says so."""
        if not self.config.standardises_text:
            return description
        return (description - self.text_mean) / self.text_std


def describe(hidden: Tensor, in_span: Tensor, config: DescriptionProjectorConfig) -> Tensor:
    """Return what stands for each question, (B, D): a mean of hidden states, or the SEG token's own.

    Args:
        hidden: last-layer hidden states, (B, L, D).
        in_span: bool (B, L), True at the question and its SEG token, or at the learned tokens where the config has
            such.
        config: says which.
    """
    if config.query_source != "seg_token":
        return mean_over_span(hidden, in_span)
    last = in_span.long().cumsum(-1).argmax(-1)  # the first position at which the count is complete
    return hidden[torch.arange(len(hidden), device=hidden.device), last]


def mean_over_span(hidden: Tensor, is_question: Tensor) -> Tensor:
    """Return the mean of hidden states, (B, L, D), where `is_question`, bool (B, L), is True: (B, D)."""
    weights = is_question.to(hidden.dtype)
    return functional.normalize(weights, p=1, dim=-1).unsqueeze(1).matmul(hidden).squeeze(1)
