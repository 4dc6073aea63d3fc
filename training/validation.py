"""Quality of a model in training on some images of a split, at a quarter of the square's resolution.

Quick and slightly off (small objects lose by the resolution); `segearth evaluate pack` gives the figures that count.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from evaluation.pictures import read_rgb
from serving.imagery.letterbox import Letterbox
from serving.model.features import ImageFeatures
from serving.model.normalisation import fit_pictures
from serving.model.segearth import SegEarth
from training.augmentation import Geometry, warp_target
from training.half_precision import autocast_on_cpu
from training.samples import ImageSample


@dataclass(frozen=True)
class QuickScore:
    """How one question was answered.

    Attributes:
        kind: of the question.
        is_target_empty: nothing was to be marked.
        presence: the model's probability that something is, 0..1.
        iou: of the mask, before presence is asked; 0 where only one of mask and target is empty.
        is_mask_empty: no cell passed the threshold.
    """

    kind: str
    is_target_empty: bool
    presence: float
    iou: float
    is_mask_empty: bool

    def iou_at(self, presence_threshold: float) -> float:
        """Return the IoU of the answer when masks below the threshold are withheld."""
        if self.presence < presence_threshold or self.is_mask_empty:
            return float(self.is_target_empty)
        return self.iou


@dataclass(frozen=True)
class QuickReport:
    """gIoU over all questions, over present and absent targets, and per kind."""

    giou: float
    present: float
    absent: float
    kinds: dict[str, float]

    def __str__(self) -> str:
        kinds = " ".join(f"{kind} {value:.3f}" for kind, value in sorted(self.kinds.items()))
        return f"gIoU {self.giou:.3f} (present {self.present:.3f}, absent {self.absent:.3f}) {kinds}"


Describe = Callable[[ImageFeatures, Sequence[str]], Tensor]


def summarise(scores: Sequence[QuickScore], presence_threshold: float) -> QuickReport:
    """Return the figures of at least one question."""
    groups: dict[str, list[float]] = defaultdict(list)
    for score in scores:
        iou = score.iou_at(presence_threshold)
        groups["absent" if score.is_target_empty else "present"].append(iou)
        groups[f"kind {score.kind}"].append(iou)
    means = {name: float(np.mean(values)) for name, values in groups.items()}
    return QuickReport(
        giou=float(np.mean([score.iou_at(presence_threshold) for score in scores])),
        present=means.get("present", 0.0),
        absent=means.get("absent", 0.0),
        kinds={name.removeprefix("kind "): value for name, value in means.items() if name.startswith("kind ")},
    )


def choose_presence_threshold(scores: Sequence[QuickScore]) -> float:
    """Return the threshold, in steps of 0.05, with the highest gIoU; the one nearest to 0.5 among equals."""
    candidates = sorted((round(0.05 * step, 2) for step in range(1, 20)), key=lambda value: abs(value - 0.5))
    return max(candidates, key=lambda threshold: summarise(scores, threshold).giou)


@torch.no_grad()
def score_samples(
    model: SegEarth, side: int, samples: Sequence[ImageSample], describe: Describe, *, needs_tokens: bool
) -> list[QuickScore]:
    """Answer every question of `samples`.

    Args:
        model: in any mode; left in evaluation mode.
        side: the square's side to use.
        samples: images with their questions.
        describe: image features and Q texts to descriptions, (1, Q, D_lm).
        needs_tokens: whether `describe` looks at the visual tokens.
    """
    model.eval()
    scores = []
    for sample in samples:
        rgb = read_rgb(sample.path)
        height, width = rgb.shape[:2]
        box = Letterbox(height, width, side)
        image = fit_pictures([rgb], model.config, side=side)
        with autocast_on_cpu():
            features = model.encode(image) if needs_tokens else model.encode_pixels(image)
            texts = [question.text for question in sample.questions]
            prediction = model.decode(features, describe(features, texts))
        masks = (prediction.mask_logits[0] > 0).numpy()
        assert prediction.presence_logits is not None
        presences = prediction.presence_logits[0].float().sigmoid().tolist()
        for question, mask, presence in zip(sample.questions, masks, presences, strict=True):
            target = warp_target(question.decode_target(height, width), _geometry(box), side) > 127
            union = int((mask | target).sum())
            scores.append(
                QuickScore(
                    kind=question.kind,
                    is_target_empty=question.target is None,
                    presence=presence,
                    iou=float((mask & target).sum()) / union if union else 1.0,
                    is_mask_empty=not mask.any(),
                )
            )
    return scores


def _geometry(box: Letterbox) -> Geometry:
    scale_x, scale_y = box.inner_width / box.width, box.inner_height / box.height
    matrix = np.array(
        [
            [scale_x, 0.0, box.left + (scale_x - 1) / 2],
            [0.0, scale_y, box.top + (scale_y - 1) / 2],
        ]
    )
    return Geometry(matrix, left_right=False, top_bottom=False, is_turned=False, is_cropped=False)
