"""Quality of a model in training on some images of a split, at a quarter of the square's resolution.

Quick and slightly off (small objects lose by the resolution); `segearth evaluate pack` gives the figures that count.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from serving.imagery.letterbox import Letterbox
from serving.model.config import SegEarthConfig
from serving.model.features import ImageFeatures
from serving.model.normalisation import normalise_images
from serving.model.segearth import SegEarth
from training.augmentation import Geometry, warp_target
from training.samples import ImageSample


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


@torch.no_grad()
def validate(
    model: SegEarth,
    config: SegEarthConfig,
    side: int,
    samples: Sequence[ImageSample],
    describe: Describe,
    needs_tokens: bool,
) -> QuickReport:
    """Score `samples`.

    Args:
        model: in any mode; left in evaluation mode.
        config: its config.
        side: the square's side to use.
        samples: images with their questions.
        describe: image features and Q texts to descriptions, (1, Q, D_lm).
        needs_tokens: whether `describe` looks at the visual tokens.
    """
    model.eval()
    scores: dict[str, list[float]] = defaultdict(list)
    for sample in samples:
        rgb = np.asarray(Image.open(sample.path).convert("RGB"))
        height, width = rgb.shape[:2]
        box = Letterbox(height, width, side)
        image = normalise_images(torch.from_numpy(box.fit_image(rgb))[None], config.pixel_mean, config.pixel_std)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            features = model.encode(image) if needs_tokens else model.encode_pixels(image)
            prediction = model.decode(features, describe(features, [q.text for q in sample.questions]))
        masks = (prediction.mask_logits[0] > 0).numpy()
        assert prediction.presence_logits is not None
        is_there = (prediction.presence_logits[0] > 0).numpy()
        for index, question in enumerate(sample.questions):
            target = warp_target(question.decode_target(height, width), _geometry(box), side) > 127
            mask = masks[index] & is_there[index]
            union = int((mask | target).sum())
            iou = 1.0 if union == 0 else float((mask & target).sum()) / union
            scores[question.kind].append(iou)
            scores["absent" if question.target is None else "present"].append(iou)
    means = {name: float(np.mean(values)) for name, values in scores.items()}
    everything = scores["absent"] + scores["present"]
    kinds = {kind: value for kind, value in means.items() if kind not in ("absent", "present")}
    return QuickReport(float(np.mean(everything)), means.get("present", 0.0), means.get("absent", 0.0), kinds)


def _geometry(box: Letterbox) -> Geometry:
    scale_x, scale_y = box.inner_width / box.width, box.inner_height / box.height
    matrix = np.array(
        [
            [scale_x, 0.0, box.left + (scale_x - 1) / 2],
            [0.0, scale_y, box.top + (scale_y - 1) / 2],
        ]
    )
    return Geometry(matrix, left_right=False, top_bottom=False, is_turned=False, is_cropped=False)
