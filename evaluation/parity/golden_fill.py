"""The synthetic weights of the golden cases: every value follows from the parameter's name.

Not trained weights. They let a model of any size be rebuilt anywhere from names and shapes alone.
"""

import math
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Chosen by the makers of the golden cases so that the masks have both signs.
_MASK_EMBED_PREFIX = "predictor.mask_embed."
_MASK_EMBED_SALT = "#22"

_HALF_SCALE_SUFFIXES = (
    "embed_tokens.weight",
    "level_embed",
    "embed.weight",
    "query_feat.weight",
    "seg_query",
    "relative_position_bias_table",
)


def seed_key(name: str) -> str:
    """Return the string whose CRC-32 seeds the values of the full model's parameter `name`."""
    return name + _MASK_EMBED_SALT if name.startswith(_MASK_EMBED_PREFIX) else name


def draw_weights(name: str, shape: Sequence[int], *, key: str | None = None) -> NDArray[np.float32]:
    """Return the values of one parameter.

    Args:
        name: the reference's parameter name; its ending decides the scale.
        shape: the reference's shape (fused and packed matrices as they are there).
        key: what seeds the generator; `seed_key(name)` unless given.

    Returns:
        float32 of `shape`, bit-equal on every machine: all arithmetic is in float32.
    """
    seed = zlib.crc32((seed_key(name) if key is None else key).encode())
    generator = np.random.Generator(np.random.PCG64(seed))
    values = generator.standard_normal(tuple(shape), dtype=np.float32)
    is_flat = len(shape) in (1, 3)  # vectors, and the compressor's volume normalisations
    if is_flat and name.rpartition(".")[2] == "weight":
        values *= np.float32(0.1)
        values += np.float32(1.0)
    elif name.endswith("sampling_offsets.bias"):
        values *= np.float32(2.0)
    elif is_flat:
        values *= np.float32(0.1)
    elif name.endswith(_HALF_SCALE_SUFFIXES):
        values *= np.float32(0.5)
    else:
        values *= np.float32(1 / math.sqrt(math.prod(shape[1:])))
    return values


def formula_image(height: int, width: int, k: int) -> NDArray[np.uint8]:
    """Return the golden cases' picture of a given size, uint8 RGB (height, width, 3); `k` picks the variant."""
    row, column = np.mgrid[0:height, 0:width].astype(np.int64)
    red = (column**2 + row**2) >> (11 - k)
    green = ((column >> 5) ^ (row >> 5)) * 8 + 40 * k
    blue = (3 * column + (5 + 2 * k) * row) >> 3
    return (np.stack([red, green, blue], axis=-1) & 255).astype(np.uint8)
