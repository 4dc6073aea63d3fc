"""One experiment: its data, its model, its start, what is trained and how. The defaults are the paper's recipe."""

from dataclasses import dataclass, field
from typing import Any, Literal

from training.losses import PointLossConfig


@dataclass(frozen=True)
class DataConfig:
    """What is learned from.

    Attributes:
        kind: the form of the folder; "folder" is the plain one (see docs/finetuning.md).
        root: the folder.
        train_split: which part is learned from.
        validation_split: which part is measured on; empty for none.
        questions: "first" takes the first question and answer of each image, as the reference did; "all" goes
            through all of them, another one at each visit of the image.
        questions_per_image: asked at once, in one pass over the image.
        geometric: mirror, turn, zoom and shift; questions whose truth would suffer are reworded or left out.
        colour: vary brightness, contrast, hue and sharpness.
    """

    kind: Literal["folder", "pack", "earthreason", "rrsis-d", "refsegrs"]
    root: str
    train_split: str = "train"
    validation_split: str = "val"
    questions: Literal["first", "all"] = "first"
    questions_per_image: int = 1
    geometric: bool = False
    colour: bool = False

    def __post_init__(self) -> None:
        if self.questions_per_image < 1:
            raise ValueError("questions_per_image is at least 1")
        if self.questions == "first" and self.questions_per_image > 1:
            raise ValueError('questions = "first" asks one question per image')


@dataclass(frozen=True)
class StartConfig:
    """Where the weights come from; parts that nothing is named for are drawn at random.

    Attributes:
        checkpoint: a folder with a model that was exported before; empty for none.
        language: folder of the language backbone in transformers' layout; empty means the checkpoint's.
        mask2former: Mask2Former's weights (COCO, Swin-B), .safetensors or .pth; empty for none.
        random: whether the language backbone or the encoder may start at random; else that is an error.
    """

    checkpoint: str = ""
    language: str = ""
    mask2former: str = ""
    random: bool = False


@dataclass(frozen=True)
class TrainedConfig:
    """What learns; all parts but these always do.

    Attributes:
        encoder: whether the image encoder learns.
        language: all of the backbone, low-rank updates on it (of model.language.lora_rank), or nothing of it.
    """

    encoder: bool = False
    language: Literal["full", "lora", "frozen"] = "full"


@dataclass(frozen=True)
class LossConfig:
    """What is minimised.

    Attributes:
        language_weight: of the next-token cross-entropy over the reply; 0 for data without answers.
        presence_weight: of "the thing asked for is there", where the model has such a head.
        points: which points of a mask are compared, and the weights of cross-entropy and Dice.
    """

    language_weight: float = 1.0
    presence_weight: float = 2.0
    points: PointLossConfig = field(default_factory=PointLossConfig)


@dataclass(frozen=True)
class OptimiserConfig:
    """AdamW along a cosine after a warm-up; the defaults are those of the reference's training script."""

    learning_rate: float = 1e-4
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    warmup_share: float = 0.03
    gradient_clip: float = 1.0


@dataclass(frozen=True)
class RunConfig:
    """How the training runs.

    Attributes:
        epochs: visits of every image.
        steps: optimiser steps; 0 means as many as `epochs` need.
        images_per_device: images at once on each device.
        accumulation: such batches per optimiser step.
        precision: "bf16" computes in bfloat16 and keeps weights in float32.
        gradient_checkpointing: compute activations again in the backward pass instead of keeping them.
        workers: processes that prepare batches, per device.
        validation_images: how many images of the validation split are looked at.
        export_dtype: of the weights that are written in the end.
    """

    seed: int = 20
    epochs: float = 15.0
    steps: int = 0
    images_per_device: int = 1
    accumulation: int = 1
    precision: Literal["bf16", "fp32"] = "bf16"
    gradient_checkpointing: bool = True
    workers: int = 2
    log_every: int = 20
    checkpoint_every: int = 500
    validate_every: int = 1000
    validation_images: int = 200
    export_dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"

    def __post_init__(self) -> None:
        counted = ("images_per_device", "accumulation", "log_every", "checkpoint_every", "validate_every")
        for name in counted:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1")
        if self.steps < 0 or self.workers < 0 or self.epochs <= 0:
            raise ValueError("steps and workers are at least 0, epochs more than 0")


@dataclass(frozen=True)
class Experiment:
    """All of it.

    Attributes:
        name: of the experiment.
        preset: the model that `model` changes; "checkpoint" takes the config of `start.checkpoint`.
        model: fields of `SegEarthConfig` that differ, as nested tables.
    """

    name: str
    data: DataConfig
    preset: Literal["released", "mini", "checkpoint"] = "released"
    model: dict[str, Any] = field(default_factory=dict)
    start: StartConfig = field(default_factory=StartConfig)
    trained: TrainedConfig = field(default_factory=TrainedConfig)
    losses: LossConfig = field(default_factory=LossConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    run: RunConfig = field(default_factory=RunConfig)
