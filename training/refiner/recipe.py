"""The recipe of the click refiner: its numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RefinerRecipe:
    """How the refiner is trained.

    Attributes:
        steps: optimiser steps.
        images: images whose features are kept.
        questions: targets per image at most.
        window_cells: side of a window in stride-2 cells, a multiple of 16; the square's where that is smaller.
        window_batch: episodes a step, in windows.
        whole_batch: episodes a step, in whole squares.
        whole_share: share of the steps that see whole squares.
        learning_rate: peak; warmed up, then lowered along a cosine to nothing.
        seed: of everything that is drawn.
    """

    steps: int = 900
    images: int = 480
    questions: int = 4
    window_cells: int = 128
    window_batch: int = 12
    whole_batch: int = 4
    whole_share: float = 0.25
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.02
    warmup_steps: int = 40
    seed: int = 7
    checkpoint_every: int = 100
