"""Multi-head attention with packed projections, as the mask decoder's weights are laid out."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class MultiHeadAttention(nn.Module):
    """Standard scaled dot-product attention; `in_proj_weight` holds q, k, v in this order."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        if dim % heads:
            raise ValueError(f"dim {dim} is not a multiple of {heads} heads")
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * dim))
        self.out_proj = nn.Linear(dim, dim)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.xavier_uniform_(self.out_proj.weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, blocked: Tensor | None = None) -> Tensor:
        """Attend from (B, Q, D) to (B, L, D).

        Args:
            query: (B, Q, D).
            key: (B, L, D).
            value: (B, L, D).
            blocked: bool, (B, 1 or heads, Q, L); True keeps a query from a key.

        Returns:
            (B, Q, D).
        """
        w_query, w_key, w_value = self.in_proj_weight.chunk(3)
        b_query, b_key, b_value = self.in_proj_bias.chunk(3)
        q = self._split(functional.linear(query, w_query, b_query))
        k = self._split(functional.linear(key, w_key, b_key))
        v = self._split(functional.linear(value, w_value, b_value))
        allowed = None if blocked is None else ~blocked
        attended = functional.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        projected: Tensor = self.out_proj(attended.transpose(1, 2).flatten(2))
        return projected

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)  # (B, heads, L, D/heads)
