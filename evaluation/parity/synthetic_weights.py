"""`python -m evaluation.parity.synthetic_weights OUT`: a full-size checkpoint of SegEarth-R1, with synthetic weights.

Not trained: every value follows from its parameter's name (see `golden_fill`), so that the masks mean nothing. The
folder has the released form - the reference's names, shards, index, config, tokenizer - and serves to test loading and
to measure memory and seconds where the released weights cannot be had.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import torch
import typer
from safetensors.torch import save_file
from torch import Tensor

from evaluation.parity.codegen_tokenizer import write_codegen_tokenizer
from evaluation.parity.golden_fill import draw_weights
from serving.errors import ServingError
from serving.model.config import RELEASED, SegEarthConfig
from serving.model.released_checkpoint import build_empty_model
from serving.model.released_names import release_name

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_SEG_QUERY_COUNT = 100
EXIT_FAILED = 2


def list_shapes(config: SegEarthConfig) -> dict[str, tuple[int, ...]]:
    """Return the checkpoint's name -> shape of everything that the model reads, and two entries that it does not."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, shape in build_empty_model(config).shapes().items():
        theirs = release_name(name)
        # Query, key and value come one after the other and lie in one matrix there.
        rows = shape[0] + (shapes[theirs][0] if theirs in shapes else 0) if shape else 0
        shapes[theirs] = (rows, *shape[1:]) if shape else shape
    hidden = config.language.hidden_size
    return shapes | {
        "lm_head.weight": (config.language.vocabulary_size, hidden),
        "seg_query": (_SEG_QUERY_COUNT, hidden),
    }


def write_checkpoint(
    config: SegEarthConfig, folder: Path, *, dtype: torch.dtype, shard_bytes: int, own_config: bool = False
) -> None:
    """Write weights, index and config; never more than one shard in memory.

    Args:
        config: sizes.
        folder: made where it is missing.
        dtype: of the stored weights.
        shard_bytes: a shard is closed before it grows beyond this (a larger tensor is a shard of its own).
        own_config: write config.json in our own form instead of the reference's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weight_map: dict[str, str] = {}
    total = 0
    shapes = list_shapes(config)
    plan = list(_plan_shards(shapes, dtype.itemsize, shard_bytes))
    for number, names in enumerate(plan, start=1):
        file_name = f"model-{number:05d}-of-{len(plan):05d}.safetensors"
        shard: dict[str, Tensor] = {
            name: torch.from_numpy(draw_weights(name, shapes[name])).to(dtype).contiguous() for name in names
        }
        save_file(shard, folder / file_name, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(names, file_name)
        total += sum(values.nbytes for values in shard.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")
    text = config.to_json() if own_config else json.dumps(build_reference_config(config), indent=1)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")


def build_reference_config(config: SegEarthConfig) -> dict[str, object]:
    """Return the fields of the reference's config.json that matter here."""
    language = config.language
    return {
        "model_type": "llava_phi",
        "hidden_size": language.hidden_size,
        "num_hidden_layers": language.layers,
        "num_attention_heads": language.heads,
        "intermediate_size": language.intermediate_size,
        "vocab_size": language.vocabulary_size,
        "rope_theta": language.rope_theta,
        "layer_norm_eps": language.norm_eps,
        "partial_rotary_factor": language.rotary_dim / language.head_dim,
        "swin_type": "base",
        "mm_projector_type": "SparseConv_1",
        "mask_decode_train": True,
    }


def main(
    out: Annotated[Path, typer.Argument(help="Folder to write to; 6.4 GB in fp32, 3.2 GB in bf16.")],
    dtype: Annotated[Literal["fp32", "bf16", "fp16"], typer.Option(help="Precision of the stored weights.")] = "bf16",
    shard_mb: Annotated[int, typer.Option(min=1, help="Size of a shard in MB.")] = 1000,
) -> None:
    """Write a full-size checkpoint with synthetic weights: it loads and runs, but it was never trained."""
    try:
        write_codegen_tokenizer(out)
    except ServingError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from error
    write_checkpoint(RELEASED, out, dtype=_DTYPES[dtype], shard_bytes=shard_mb * 1_000_000)
    typer.echo(f"Written: {out}. Synthetic weights, not trained ones: its masks mean nothing.")


def _plan_shards(shapes: Mapping[str, tuple[int, ...]], item_bytes: int, shard_bytes: int) -> Iterator[list[str]]:
    names: list[str] = []
    held = 0
    for name, shape in shapes.items():
        size = torch.Size(shape).numel() * item_bytes
        if names and held + size > shard_bytes:
            yield names
            names, held = [], 0
        names.append(name)
        held += size
    if names:
        yield names


if __name__ == "__main__":
    typer.run(main)
