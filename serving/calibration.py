"""Temperatures that turn a network's logits into probabilities which come true as often as they say.

They are fitted on validation data (`segearth evaluate calibration --fit`) and stored in the model's config. A logit
divided by a temperature stays on its side of even odds, so that what is marked at the default threshold stays as it is.

Source: temperature scaling, Guo et al. 2017 (arXiv 1706.04599).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Temperatures:
    """What logits are divided by; 1 leaves them, more makes the model less certain.

    Attributes:
        mask: of pixels.
        presence: of "the thing asked for is in the image".
    """

    mask: float = 1.0
    presence: float = 1.0

    def __post_init__(self) -> None:
        if min(self.mask, self.presence) <= 0:
            raise ValueError(f"temperatures are positive, got {self}")
