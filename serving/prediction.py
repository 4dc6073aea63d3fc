"""What the engine answers: mask logits on the native grid, a score, and how long each stage took."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.mask import Mask


@dataclass(frozen=True, eq=False)
class Prediction:
    """One answered question.

    Attributes:
        mask: pixels whose probability passes the threshold; all False when nothing was found.
        mask_logits: float32, (grid.height, grid.width), before the threshold, calibrated, on the image's native grid.
        score: confidence in 0..1 that the mask is the thing asked for (or, when nothing was found, that it is absent).
        found: whether anything is marked.
        seconds: stage name -> seconds spent ("read", "encode", "language", "decode", "closer", ...); a stage answered
            from the cache is absent.
        model_digest: SHA-256 of the weights that answered.
        presence: calibrated probability, 0..1, that the thing asked for is there; None where the model says none.
    """

    mask: Mask
    mask_logits: NDArray[np.float32]
    score: float
    found: bool
    seconds: Mapping[str, float]
    model_digest: str
    presence: float | None = None
