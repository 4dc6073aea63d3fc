"""Descriptions query the pixels: masked cross-attention over three levels, then a dot product with the mask features.

Every query stands for a description of its own, so that several questions about one image can be answered in one
pass: queries of one image share the memory and never see each other.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from serving.model.attention import MultiHeadAttention
from serving.model.config import MaskDecoderConfig
from serving.model.features import MaskPrediction, PixelFeatures
from serving.model.position_encoding import encode_positions


class CrossAttentionLayer(nn.Module):
    """Queries attend to the pixels of one level; post-norm."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.multihead_attn = MultiHeadAttention(dim, heads)
        self.norm = nn.LayerNorm(dim)

    def forward(
        self,
        state: Tensor,
        memory: Tensor,
        memory_position: Tensor,
        blocked: Tensor | None = None,
        query_position: Tensor | None = None,
    ) -> Tensor:
        """(B, Q, D) attends to (B, L, D); `blocked` is (B, 1 or heads, Q, L), True where it must not look."""
        query = state if query_position is None else state + query_position
        return cast(Tensor, self.norm(state + self.multihead_attn(query, memory + memory_position, memory, blocked)))


class SelfAttentionLayer(nn.Module):
    """Queries of one sequence attend to each other; post-norm."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.self_attn = MultiHeadAttention(dim, heads)
        self.norm = nn.LayerNorm(dim)

    def forward(self, state: Tensor, query_position: Tensor | None = None) -> Tensor:
        """(B, Q, D) to the same."""
        query = state if query_position is None else state + query_position
        return cast(Tensor, self.norm(state + self.self_attn(query, query, state)))


class FeedForwardLayer(nn.Module):
    """Two linear maps with a ReLU between; post-norm."""

    def __init__(self, dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(dim, hidden_dim)
        self.linear2 = nn.Linear(hidden_dim, dim)
        self.norm = nn.LayerNorm(dim)

    def forward(self, state: Tensor) -> Tensor:
        """(B, Q, D) to the same."""
        return cast(Tensor, self.norm(state + self.linear2(functional.relu(self.linear1(state)))))


class _MaskEmbed(nn.Module):
    """Three linear maps with ReLU between: a query state to its mask embedding."""

    def __init__(self, dim: int, mask_dim: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList((nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, mask_dim)))

    def forward(self, state: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            state = functional.relu(layer(state))
        return cast(Tensor, self.layers[-1](state))


class MaskDecoder(nn.Module):
    """Source: Mask2Former (arXiv 2112.01527), masked attention; SegEarth-R1 with one description query and no class."""

    def __init__(self, config: MaskDecoderConfig) -> None:
        super().__init__()
        self.config = config
        dim, heads = config.dim, config.heads
        self.transformer_cross_attention_layers = nn.ModuleList(
            CrossAttentionLayer(dim, heads) for _ in range(config.layers)
        )
        self.transformer_self_attention_layers = nn.ModuleList(
            SelfAttentionLayer(dim, heads) for _ in range(config.layers)
        )
        self.transformer_ffn_layers = nn.ModuleList(
            FeedForwardLayer(dim, config.feed_forward_dim) for _ in range(config.layers)
        )
        self.decoder_norm = nn.LayerNorm(dim)
        self.level_embed = nn.Embedding(config.levels, dim)
        self.mask_embed = _MaskEmbed(dim, config.mask_dim)
        self.presence = nn.Linear(dim, 1) if config.has_presence_head else None
        for layer in self.transformer_ffn_layers:
            nn.init.xavier_uniform_(cast(FeedForwardLayer, layer).linear1.weight)
            nn.init.xavier_uniform_(cast(FeedForwardLayer, layer).linear2.weight)

    def forward(self, query: Tensor, features: PixelFeatures, place_logits: Tensor | None = None) -> MaskPrediction:
        """Answer Q descriptions of each image.

        Args:
            query: (B, Q, D), one query per description.
            features: the pixel decoder's outputs for the same B images.
            place_logits: added to the mask logits of every layer, (B, Q, H/4, W/4).
        """
        memories, positions = [], []
        for index, pixels in enumerate(features.multi_scale):
            memories.append(pixels.flatten(2).transpose(1, 2) + self.level_embed.weight[index])
            height, width = pixels.shape[-2:]
            position = encode_positions(height, width, self.config.dim, device=pixels.device)
            positions.append(position.to(pixels.dtype).flatten(2).transpose(1, 2))

        state = query
        logits = self._predict(state, features.mask_features, place_logits)
        predictions = [logits]
        for index in range(self.config.layers):
            level = index % self.config.levels
            blocked = _blocked_keys(logits, features.multi_scale[level].shape[-2:])
            cross = cast(CrossAttentionLayer, self.transformer_cross_attention_layers[index])
            state = cross(state, memories[level], positions[level], blocked)
            batch, queries, dim = state.shape
            alone = state.reshape(batch * queries, 1, dim)  # each description is a sequence of its own
            alone = self.transformer_self_attention_layers[index](alone)
            state = self.transformer_ffn_layers[index](alone.view(batch, queries, dim))
            logits = self._predict(state, features.mask_features, place_logits)
            predictions.append(logits)
        presence = None if self.presence is None else self.presence(self.decoder_norm(state)).squeeze(-1)
        return MaskPrediction(predictions[-1], tuple(predictions[:-1]), presence)

    def _predict(self, state: Tensor, mask_features: Tensor, place_logits: Tensor | None) -> Tensor:
        """Mask logits, (B, Q, H/4, W/4), of the query states, (B, Q, D)."""
        embedding = self.mask_embed(self.decoder_norm(state))
        logits = torch.einsum("bqc,bchw->bqhw", embedding, mask_features)
        return logits if place_logits is None else logits + place_logits


def _blocked_keys(mask_logits: Tensor, size: torch.Size) -> Tensor:
    """Return bool (B, 1, Q, L): True where the current mask is background; nothing where it is background all over."""
    resized = functional.interpolate(mask_logits.detach(), size=size, mode="bilinear", align_corners=False)
    blocked = (resized < 0).flatten(2)  # sigmoid < 0.5
    blocked = blocked & ~blocked.all(-1, keepdim=True)
    return blocked.unsqueeze(1)
