"""Frozen configs of every part of the model; the presets RELEASED and MINI.

One architecture in two sizes. A derived size is a property beside the field it comes from.
"""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, Literal

ENCODER_STRIDES = (4, 8, 16, 32)


@dataclass(frozen=True)
class SwinConfig:
    """Swin encoder (design of Liu et al. 2021, Swin-B by default)."""

    kind: Literal["swin"] = "swin"
    embed_dim: int = 128
    depths: tuple[int, ...] = (2, 2, 18, 2)
    num_heads: tuple[int, ...] = (4, 8, 16, 32)
    window_size: int = 12
    patch_size: int = 4
    mlp_ratio: int = 4
    drop_path_rate: float = 0.3

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of res2..res5."""
        return tuple(self.embed_dim * 2**stage for stage in range(len(self.depths)))


@dataclass(frozen=True)
class EfficientNetLiteConfig:
    """EfficientNet-Lite0 encoder; its widths and depths are fixed by the ImageNet weights."""

    kind: Literal["efficientnet_lite0"] = "efficientnet_lite0"

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of res2..res5."""
        return (24, 40, 112, 320)


@dataclass(frozen=True)
class TokenCompressorConfig:
    """From res5 to few visual tokens.

    Attributes:
        in_channels: channels of res5.
        in_side: side in cells of what is compressed; fixed, because the normalisations span the whole volume. A larger
            res5 is averaged down to it.
        hidden_channels: channels between the convolutions.
        token_dim: width of a visual token, the language model's hidden size.
        kind: "strided_conv" is the paper's; "pooling" averages cells and "none" keeps them all (its ablations).
        halvings: how often the side is halved; 2 of them leave a sixteenth of the cells.
    """

    in_channels: int = 1024
    in_side: int = 32
    hidden_channels: int = 2048
    token_dim: int = 2048
    kind: Literal["strided_conv", "pooling", "none"] = "strided_conv"
    halvings: int = 2

    @property
    def sides(self) -> tuple[int, ...]:
        """Side after each halving."""
        sides = [self.in_side]
        for _ in range(0 if self.kind == "none" else self.halvings):
            sides.append((sides[-1] + 1) // 2)
        return tuple(sides[1:])

    @property
    def out_side(self) -> int:
        """Side of the grid that the visual tokens lie on."""
        return (self.in_side, *self.sides)[-1]

    @property
    def token_count(self) -> int:
        """Visual tokens per image."""
        return self.out_side**2


@dataclass(frozen=True)
class DescriptionProjectorConfig:
    """Question hidden states and res5 to one query.

    Attributes:
        standardises_text: whether the mean hidden state is shifted and scaled, per dimension, by statistics over the
            training questions (mini only: SmolLM2's last layer has a few dimensions that dwarf the rest).
        fuses_image: whether the description attends to res5; without, it is projected alone (the paper's ablation).
        query_source: which hidden states make the query: the mean over the question ("description", the paper's),
            that of the SEG token alone, or the mean over learned tokens that follow the question (its ablations).
        learned_token_count: how many such tokens.
    """

    text_dim: int = 2048
    visual_dim: int = 1024
    dim: int = 512
    heads: int = 8
    head_dim: int = 64
    feed_forward_multiplier: int = 1
    query_dim: int = 256
    standardises_text: bool = False
    fuses_image: bool = True
    query_source: Literal["description", "seg_token", "learned"] = "description"
    learned_token_count: int = 1


@dataclass(frozen=True)
class PixelDecoderConfig:
    """Multi-scale deformable encoder over res5, res4, res3 and one FPN step to res2."""

    in_channels: tuple[int, ...] = (128, 256, 512, 1024)
    dim: int = 256
    mask_dim: int = 256
    heads: int = 8
    levels: int = 3
    points: int = 4
    layers: int = 6
    feed_forward_dim: int = 1024
    norm_groups: int = 32


@dataclass(frozen=True)
class MaskDecoderConfig:
    """Masked-attention decoder with one query per description.

    Attributes:
        has_presence_head: whether a logit "the thing asked for is in the image" is predicted (mini only; the
            released weights have none).
    """

    dim: int = 256
    mask_dim: int = 256
    heads: int = 8
    layers: int = 9
    levels: int = 3
    feed_forward_dim: int = 2048
    has_presence_head: bool = False


@dataclass(frozen=True)
class LanguageConfig:
    """The language backbone's sizes.

    Attributes:
        family: "phi" (parallel block, fused weights in the released checkpoint) or "llama" (SmolLM2).
        rotary_dim: leading dimensions of each head that are rotated.
        lora_rank: rank of the trained low-rank updates on q and v; 0 for none.
        lora_alpha: their scale is lora_alpha / lora_rank.
    """

    family: Literal["phi", "llama"] = "phi"
    hidden_size: int = 2048
    layers: int = 24
    heads: int = 32
    key_value_heads: int = 32
    intermediate_size: int = 8192
    vocabulary_size: int = 50297
    rotary_dim: int = 32
    rope_theta: float = 10_000.0
    norm_eps: float = 1e-5
    lora_rank: int = 0
    lora_alpha: float = 16.0

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.hidden_size // self.heads


@dataclass(frozen=True)
class InstructionConfig:
    """The words around the visual tokens and the question.

    Attributes:
        before_image: text in front of the visual tokens.
        after_image: text between the visual tokens and the question.
        question_prefix: put in front of the question before it is tokenized.
        seg_token: text of the token that closes the question.
        instruction_end: text between the question and the reply; matters in training only.
        reply: what the language model learns to say, "<answer>" and "<seg>" included; empty where it learns nothing.
    """

    before_image: str
    after_image: str
    question_prefix: str
    seg_token: str
    instruction_end: str = ""
    reply: str = ""


@dataclass(frozen=True)
class SegEarthConfig:
    """Every part of one model.

    Attributes:
        mask_threshold: probability from which on a pixel is marked.
        presence_threshold: probability, as the network says it, below which nothing is marked.
        mask_temperature: see `serving.calibration`; changes what is said of a pixel, never whether it is marked.
        presence_temperature: likewise, of the thing being there at all.
        place_waves: cosines that say where along an axis of the image a question wants its answer, see
            `serving.model.place_prior` (mini only); 0 for a model that has no such part.
    """

    name: str
    input_size: int
    encoder: SwinConfig | EfficientNetLiteConfig
    compressor: TokenCompressorConfig
    projector: DescriptionProjectorConfig
    pixel_decoder: PixelDecoderConfig
    mask_decoder: MaskDecoderConfig
    language: LanguageConfig
    instruction: InstructionConfig
    pixel_mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    pixel_std: tuple[float, float, float] = (58.395, 57.12, 57.375)
    mask_threshold: float = 0.5
    presence_threshold: float = 0.5
    mask_temperature: float = 1.0
    presence_temperature: float = 1.0
    place_waves: int = 0
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def res5_side(self) -> int:
        """Cells along one side of res5."""
        return self.input_size // ENCODER_STRIDES[-1]

    @property
    def logits_side(self) -> int:
        """Cells along one side of the low-resolution mask logits."""
        return self.input_size // ENCODER_STRIDES[0]

    def to_json(self) -> str:
        """Return the config as JSON that `from_json` reads back equal."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> "SegEarthConfig":
        """Rebuild a config; an unknown key is a TypeError, never dropped."""
        fields = json.loads(text)
        encoder = fields.pop("encoder")
        encoder_class = {"swin": SwinConfig, "efficientnet_lite0": EfficientNetLiteConfig}[encoder["kind"]]
        parts = {
            "compressor": TokenCompressorConfig,
            "projector": DescriptionProjectorConfig,
            "pixel_decoder": PixelDecoderConfig,
            "mask_decoder": MaskDecoderConfig,
            "language": LanguageConfig,
            "instruction": InstructionConfig,
        }
        built = {name: part(**_tuples(fields.pop(name))) for name, part in parts.items()}
        return cls(encoder=encoder_class(**_tuples(encoder)), **built, **_tuples(fields))


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON knows lists only; the configs hold tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


# The released model was trained on these very words, slips included; decoded from the ids in the golden cases.
_RELEASED_SYSTEM = (
    "You are a helpful language and vision assistant. You are able to understand the visual content that the user "
    "provides, and assist the user with a variety of tasks using natural language."
)

RELEASED = SegEarthConfig(
    name="SegEarth-R1",
    input_size=1024,
    encoder=SwinConfig(),
    compressor=TokenCompressorConfig(),
    projector=DescriptionProjectorConfig(),
    pixel_decoder=PixelDecoderConfig(),
    mask_decoder=MaskDecoderConfig(),
    language=LanguageConfig(),
    instruction=InstructionConfig(
        before_image=f"[INST] <<SYS>>\n{_RELEASED_SYSTEM}\n<</SYS>>\n\nThis is an image ",
        after_image=", Please doing Reasoning Segmentation according to the following instruction:\n",
        question_prefix=" ",
        seg_token="[SEG]",
        instruction_end=" [/INST]",
        reply=" Sure, It is <seg>. \n<answer>. <|endoftext|>",
    ),
)

MINI = SegEarthConfig(
    name="SegEarth-mini",
    input_size=512,
    encoder=EfficientNetLiteConfig(),
    compressor=TokenCompressorConfig(in_channels=320, in_side=16, hidden_channels=256, token_dim=576),
    projector=DescriptionProjectorConfig(
        text_dim=576, visual_dim=320, dim=256, heads=4, head_dim=64, query_dim=128, standardises_text=True
    ),
    pixel_decoder=PixelDecoderConfig(
        in_channels=(24, 40, 112, 320),
        dim=128,
        mask_dim=128,
        heads=8,
        points=4,
        layers=2,
        feed_forward_dim=512,
    ),
    mask_decoder=MaskDecoderConfig(
        dim=128, mask_dim=128, heads=8, layers=3, feed_forward_dim=512, has_presence_head=True
    ),
    language=LanguageConfig(
        family="llama",
        hidden_size=576,
        layers=30,
        heads=9,
        key_value_heads=3,
        intermediate_size=1536,
        vocabulary_size=49152,
        rotary_dim=64,
        rope_theta=100_000.0,
        norm_eps=1e-5,
        lora_rank=8,
    ),
    instruction=InstructionConfig(
        before_image="<|im_start|>user\nAerial image:",
        after_image="\nSegment what the question asks for.\n",
        question_prefix=" ",
        seg_token="<|im_end|>",
    ),
    place_waves=16,
)
