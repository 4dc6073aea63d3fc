"""SegEarth-R1 in miniature: every part of the released architecture, a few hundred kilobytes of weights."""

import dataclasses
import json
from pathlib import Path

import torch

from evaluation.parity.synthetic_weights import write_checkpoint
from serving.model.config import (
    RELEASED,
    DescriptionProjectorConfig,
    LanguageConfig,
    MaskDecoderConfig,
    PixelDecoderConfig,
    SegEarthConfig,
    SwinConfig,
    TokenCompressorConfig,
)

HIDDEN = 64
CHANNELS = (8, 16, 32, 64)

TINY_RELEASED: SegEarthConfig = dataclasses.replace(
    RELEASED,
    name="SegEarth-R1 tiny",
    input_size=128,
    encoder=SwinConfig(embed_dim=8, depths=(1, 1, 2, 1), num_heads=(1, 2, 4, 8), window_size=4),
    compressor=TokenCompressorConfig(in_channels=64, in_side=4, hidden_channels=HIDDEN, token_dim=HIDDEN),
    projector=DescriptionProjectorConfig(text_dim=HIDDEN, visual_dim=64, dim=32, heads=2, head_dim=16, query_dim=32),
    pixel_decoder=PixelDecoderConfig(
        in_channels=CHANNELS, dim=32, mask_dim=32, heads=4, layers=1, feed_forward_dim=64, norm_groups=4
    ),
    mask_decoder=MaskDecoderConfig(dim=32, mask_dim=32, heads=4, layers=3, feed_forward_dim=64),
    language=LanguageConfig(
        hidden_size=HIDDEN,
        layers=2,
        heads=2,
        key_value_heads=2,
        intermediate_size=128,
        vocabulary_size=258,
        rotary_dim=16,
    ),
)


def write_tiny_checkpoint(
    folder: Path, *, dtype: torch.dtype = torch.float32, shard_bytes: int = 10_000_000, tokenizer: bool = True
) -> Path:
    """Write the released form of `TINY_RELEASED` and return its folder."""
    write_checkpoint(TINY_RELEASED, folder, dtype=dtype, shard_bytes=shard_bytes, own_config=True)
    if tokenizer:
        write_byte_tokenizer(folder)
    return folder


def write_byte_tokenizer(folder: Path) -> None:
    """Write a CodeGen tokenizer without merges: one token a byte, then [PAD] and [SEG]."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    symbols = {byte: chr(byte) for byte in printable}
    others = [byte for byte in range(256) if byte not in symbols]
    symbols |= {byte: chr(256 + index) for index, byte in enumerate(others)}
    vocabulary = {symbols[byte]: byte for byte in range(256)}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    (folder / "added_tokens.json").write_text(json.dumps({"[PAD]": 256, "[SEG]": 257}), encoding="utf-8")
    special = {"bos_token": "!", "eos_token": "!", "unk_token": "!", "tokenizer_class": "CodeGenTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(special), encoding="utf-8")
