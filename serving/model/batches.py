"""What the model computes for several images at once, put together and taken apart."""

from collections.abc import Sequence

import torch

from serving.model.features import ImageFeatures, MaskPrediction, PixelFeatures


def join_features(features: Sequence[ImageFeatures]) -> ImageFeatures:
    """Return the features of all images, batches of one each, as one batch; a single one is returned as it is."""
    if len(features) == 1:
        return features[0]
    coarse, middle, fine = (torch.cat([one.pixel.multi_scale[level] for one in features]) for level in range(3))
    return ImageFeatures(
        visual_tokens=torch.cat([one.visual_tokens for one in features]),
        res5=torch.cat([one.res5 for one in features]),
        pixel=PixelFeatures((coarse, middle, fine), torch.cat([one.pixel.mask_features for one in features])),
    )


def split_features(features: ImageFeatures) -> list[ImageFeatures]:
    """Return the features of each image of a batch, each with memory of its own, so that it can be kept alone."""
    count = len(features.res5)
    if count == 1:
        return [features]
    return [_take(features, slice(index, index + 1)) for index in range(count)]


def split_prediction(prediction: MaskPrediction) -> list[MaskPrediction]:
    """Return the mask decoder's outputs for each image of a batch; those before its last layer are left out."""
    presence = prediction.presence_logits
    return [
        MaskPrediction(
            prediction.mask_logits[index : index + 1], (), None if presence is None else presence[index : index + 1]
        )
        for index in range(len(prediction.mask_logits))
    ]


def _take(features: ImageFeatures, images: slice) -> ImageFeatures:
    coarse, middle, fine = (level[images].clone() for level in features.pixel.multi_scale)
    return ImageFeatures(
        visual_tokens=features.visual_tokens[images].clone(),
        res5=features.res5[images].clone(),
        pixel=PixelFeatures((coarse, middle, fine), features.pixel.mask_features[images].clone()),
    )
