"""How many steps there are, and how large each of them is."""

import math


def count_steps(*, images: int, epochs: float, images_per_step: int) -> int:
    """Return the optimiser steps that visit every image `epochs` times; at least 1."""
    return max(1, math.ceil(images * epochs / images_per_step))


def learning_rate_share(step: int, *, steps: int, warmup_share: float) -> float:
    """Return the learning rate at a step as a share of its peak: linear from 0, then half a cosine back to 0.

    Source: the schedule "cosine" of transformers' Trainer, which trained the released model.
    """
    warmup_steps = math.ceil(steps * warmup_share)
    if step < warmup_steps:
        return step / warmup_steps
    progress = (step - warmup_steps) / max(1, steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * progress))
