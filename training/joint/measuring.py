"""gIoU and cIoU of a network in training, on the letterboxed square as the paper measures."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from evaluation.metrics import Score, ciou, giou, score_answer
from evaluation.pictures import read_rgb
from evaluation.spreading import spread_positions
from serving.imagery.letterbox import Letterbox
from training.joint.network import JointNetwork
from training.samples import ImageSample


@dataclass(frozen=True)
class Quality:
    """Figures over the first question of each image."""

    giou: float
    ciou: float


def measure_network(network: JointNetwork, samples: Sequence[ImageSample], *, limit: int) -> Quality:
    """Answer the first question of at most `limit` images, spread over `samples`; the mode is left as it was."""
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    side, config = network.config.input_size, network.config
    scores: list[Score] = []
    for position in spread_positions(len(samples))[:limit]:
        sample = samples[position]
        rgb, question = read_rgb(sample.path), sample.questions[0]
        height, width = rgb.shape[:2]
        box = Letterbox(height, width, side)
        answer = network.predict(torch.from_numpy(box.fit_image(rgb))[None].to(device), [[question.text]])
        logits = functional.interpolate(answer.mask_logits.float(), size=side, mode="bilinear", align_corners=False)
        mask = logits[0, 0].sigmoid().gt(config.mask_threshold)
        if answer.presence_logits is not None:
            mask &= answer.presence_logits[0, 0].float().sigmoid() >= config.presence_threshold
        target = box.fit_mask(question.decode_target(height, width).astype(bool))
        scores.append(score_answer(mask.cpu().numpy(), target))
    network.train(was_training)
    return Quality(giou(scores) or 0.0, ciou(scores) or 0.0)
