"""The released checkpoint's parameter names -> ours.

Ours start with the part of `SegEarth` that owns the parameter, or with `language.` and then `PhiModel`'s name. What the
checkpoint holds and nobody reads is listed here with its reason, so that an unknown name is an error.
"""

from collections.abc import Iterator

from torch import Tensor

from serving.errors import CheckpointMismatchError
from serving.language.phi import fused_name, split_fused

LANGUAGE_PREFIX = "language."

# Matched by the longest prefix. A prefix without a dot at its end is a whole name.
_OURS = {
    "model.vision_tower.": "encoder.",
    "model.mm_projector.": "compressor.",
    "model.embed_tokens.": "language.embed_tokens.",
    "model.layers.": "language.layers.",
    "model.final_layernorm.": "language.final_layernorm.",
    "origin_SEG_token_projector.": "projector.seg_projector.",
    "text_projector.": "projector.text_projector.",
    "local_project.": "projector.visual_projector.",
    "SEG_token_projector.": "projector.query_projector.",
    "d_layers.layers.0.0.": "projector.perceiver.attention.",
    "d_layers.layers.0.1.": "projector.perceiver.feed_forward.",
    "d_layers.norm.": "projector.perceiver.norm.",
    "learned_tokens": "projector.learned_tokens",  # in our own ablation only
    "pixel_decoder.transformer.level_embed": "pixel_decoder.level_embed",
    "pixel_decoder.transformer.encoder.layers.": "pixel_decoder.layers.",
    "pixel_decoder.": "pixel_decoder.",
    "predictor.": "mask_decoder.",
}

# Read only by who lets the model write.
VOCABULARY_HEAD = "lm_head.weight"

UNUSED = {
    "lm_head.": "predicts the reply while training; the mask needs no words",
    "seg_query": "belongs to an option that the released models leave off",
    "predictor.query_feat.": "the description's query takes the place of learned queries",
    "predictor.query_embed.": "the position of the query is zero in the released configuration",
    "predictor.SEG_query_embed.": "the position of the query is zero in the released configuration",
    "predictor.new_query_embed.": "only its shape is read",
    "predictor.SEG_proj.": "scores that the released configuration does not compute",
    "predictor.CLASS_proj.": "scores that the released configuration does not compute",
}

# Derived from the window size; the same in every block.
_DERIVED_SUFFIX = ".relative_position_index"


def is_unused(name: str) -> bool:
    """Whether the checkpoint holds `name` but nothing here reads it."""
    return name.endswith(_DERIVED_SUFFIX) or name.startswith(tuple(UNUSED))


def translate_name(name: str) -> str:
    """Return our name; a fused query_key_value keeps that ending (see `translate_parameter`).

    Raises:
        CheckpointMismatchError: the name is neither one of the model's nor known to be unused.
        ValueError: the name is known to be unused.
    """
    if is_unused(name):
        raise ValueError(f"{name} is not used")
    for prefix in sorted(_OURS, key=len, reverse=True):
        if name.startswith(prefix):
            return _OURS[prefix] + name.removeprefix(prefix)
    raise CheckpointMismatchError(
        f"The weights hold a part that this model does not know ({name}). Please use the released SegEarth-R1 weights."
    )


def release_name(name: str) -> str:
    """Return the checkpoint's name of one of ours; q_proj, k_proj and v_proj share a fused one."""
    for theirs, ours in sorted(_OURS.items(), key=lambda pair: len(pair[1]), reverse=True):
        if name.startswith(ours):
            return fused_name(theirs + name.removeprefix(ours))
    raise ValueError(f"{name} is not a parameter of the model")


def translate_parameter(name: str, values: Tensor, *, language_heads: int) -> Iterator[tuple[str, Tensor]]:
    """Yield our parameters that one of the checkpoint's becomes: none where unused, three where fused.

    Args:
        name: in the checkpoint.
        values: in the checkpoint's layout.
        language_heads: attention heads of the language backbone.
    """
    if not is_unused(name):
        yield from split_fused(translate_name(name), values, language_heads)
