"""The recipe of the mini model: its phases and their numbers."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Phase:
    """One stretch of the training with its own learning rate, warmed up and then lowered along a cosine.

    Attributes:
        name: also the name of its files.
        language: "table" reads precomputed descriptions (the compressor and the adapters rest); "joint" runs the
            language model in the loop and trains the compressor and the adapters as well; "frozen" runs it and leaves
            them as they are.
        steps: optimiser steps.
        side: side of the model's square.
        images: images a step.
        questions: questions per image.
        learning_rate: peak, for new parts.
        encoder_learning_rate: peak, for the ImageNet encoder.
        language_learning_rate: peak, for the compressor and the adapters; lower, since the language model amplifies
            a small change of the visual tokens (at 3e-4 the loss doubled within 40 steps).
        final_share: the learning rate's last value over its peak.
    """

    name: str
    language: Literal["table", "joint", "frozen"]
    steps: int
    side: int
    images: int = 4
    questions: int = 12
    learning_rate: float = 6e-4
    encoder_learning_rate: float = 3e-4
    language_learning_rate: float = 3e-5
    final_share: float = 0.02
    warmup_steps: int = 150
    weight_decay: float = 0.02


@dataclass(frozen=True)
class Recipe:
    """All phases, one after the other."""

    phases: tuple[Phase, ...]
    seed: int = 20
    validate_every: int = 500
    validation_images: int = 60
    checkpoint_every: int = 100


MINI_RECIPE = Recipe(
    phases=(
        Phase(name="table", language="table", steps=3200, side=384, final_share=0.1),
        Phase(
            name="table-512",
            language="table",
            steps=600,
            side=512,
            learning_rate=3e-4,
            encoder_learning_rate=1.5e-4,
            final_share=0.2,
            warmup_steps=60,
        ),
        Phase(
            name="joint",
            language="joint",
            steps=350,
            questions=8,
            side=512,
            learning_rate=1e-4,
            encoder_learning_rate=5e-5,
            final_share=0.01,
            warmup_steps=60,
        ),
        Phase(
            name="masks",
            language="frozen",
            steps=420,
            side=512,
            learning_rate=2.5e-4,
            encoder_learning_rate=1.2e-4,
            final_share=0.01,
            warmup_steps=40,
        ),
        Phase(
            name="masks-long",
            language="frozen",
            steps=2400,
            side=512,
            learning_rate=4e-4,
            encoder_learning_rate=2e-4,
            final_share=0.01,
            warmup_steps=60,
        ),
        Phase(
            name="masks-longer",
            language="frozen",
            steps=2000,
            side=512,
            learning_rate=4e-4,
            encoder_learning_rate=2e-4,
            final_share=0.01,
            warmup_steps=60,
        ),
    )
)
