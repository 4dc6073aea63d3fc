"""The config of a released checkpoint: from the reference's config.json, or in our own form for a fine-tuned one.

The reference's file holds sizes but not the words of the instruction; those follow from what the checkpoint was
trained on, which its name says. A config.json in our own form (see `SegEarthConfig`) says everything itself, the
wording and the normalisation for another domain included.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

from serving.errors import CheckpointMismatchError
from serving.model.config import RELEASED, LanguageConfig, SegEarthConfig

CONFIG_NAME = "config.json"

# Checkpoints of these data sets were trained to segment what an expression refers to; the others reason.
_REFERRING_NAMES = ("rrsis", "refsegrs", "refer")

RELEASED_REFERRING = dataclasses.replace(
    RELEASED,
    name="SegEarth-R1 (referring)",
    instruction=dataclasses.replace(
        RELEASED.instruction, after_image=RELEASED.instruction.after_image.replace("Reasoning", "Referring")
    ),
)

# What the released architecture fixes: another value would be another model, so it is an error, not a guess.
_FIXED = {"swin_type": "base", "mm_projector_type": "SparseConv_1"}


def is_own_form(fields: dict[str, Any]) -> bool:
    """Whether a config.json is a `SegEarthConfig`, not the reference's."""
    return "encoder" in fields


def read_config_fields(path: Path) -> dict[str, Any]:
    """Return a config.json as it stands.

    Raises:
        CheckpointMismatchError: it is no JSON object.
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointMismatchError(f"The model's {path.name} cannot be read as JSON: {error}.") from error
    if not isinstance(fields, dict):
        raise CheckpointMismatchError(f"The model's {path.name} holds no JSON object.")
    return fields


def build_released_config(fields: dict[str, Any] | None, *, name: str) -> SegEarthConfig:
    """Return the config of a checkpoint.

    Args:
        fields: its config.json; None where it has none, which means the released sizes.
        name: what the person called it, hub id or path; decides the wording where the config does not.

    Raises:
        CheckpointMismatchError: a field is not what the released architecture has.
    """
    if fields is not None and is_own_form(fields):
        try:
            config = SegEarthConfig.from_json(json.dumps(fields))
        except (ValueError, TypeError, KeyError) as error:
            raise CheckpointMismatchError(
                f"The model's {CONFIG_NAME} does not fit this version of SegEarth Chat: {error}."
            ) from error
        return config
    fields = fields or {}
    for field, expected in _FIXED.items():
        if fields.get(field, expected) != expected:
            raise CheckpointMismatchError(
                f"The model's {CONFIG_NAME} says {field} = {fields[field]!r}; SegEarth-R1 has {expected!r}."
            )
    described = f"{name} {fields.get('_name_or_path', '')}".lower()
    preset = RELEASED_REFERRING if any(word in described for word in _REFERRING_NAMES) else RELEASED
    language = _read_language(fields)
    hidden = language.hidden_size
    return dataclasses.replace(
        preset,
        compressor=dataclasses.replace(preset.compressor, hidden_channels=hidden, token_dim=hidden),
        projector=dataclasses.replace(preset.projector, text_dim=hidden),
        language=language,
    )


def _read_language(fields: dict[str, Any]) -> LanguageConfig:
    """Return the language model's sizes, each the released one unless the config says another."""
    released = RELEASED.language
    ours = {
        "hidden_size": "hidden_size",
        "num_hidden_layers": "layers",
        "num_attention_heads": "heads",
        "intermediate_size": "intermediate_size",
        "vocab_size": "vocabulary_size",
        "rope_theta": "rope_theta",
        "layer_norm_eps": "norm_eps",
    }
    changed: dict[str, Any] = {}
    for theirs, own in ours.items():
        value = fields.get(theirs)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise CheckpointMismatchError(f"The model's {CONFIG_NAME} says {theirs} = {value!r}, which is no size.")
        changed[own] = value
    heads = changed.get("heads", released.heads)
    hidden = changed.get("hidden_size", released.hidden_size)
    if hidden % heads:
        raise CheckpointMismatchError(
            f"The model's {CONFIG_NAME} says {heads} heads for a hidden size of {hidden}, which they do not divide."
        )
    rotary = fields.get("partial_rotary_factor", released.rotary_dim / released.head_dim)
    return dataclasses.replace(released, **changed, key_value_heads=heads, rotary_dim=int(rotary * (hidden // heads)))
