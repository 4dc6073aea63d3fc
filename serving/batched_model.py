"""The model's two halves for many turns: what they ask for at the same time is computed together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from serving.batching import Batcher
from serving.cancellation import Cancellation
from serving.compute_lock import ComputeLock
from serving.feature_cache import FeatureCache
from serving.imagery.tiling import Bounds
from serving.model.batches import join_features, split_features, split_prediction
from serving.model.description_projector import describe
from serving.model.features import ImageFeatures, MaskPrediction
from serving.model.normalisation import fit_pictures
from serving.model.segearth import SegEarth

_WHOLE: Bounds = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class _Picture:
    """What is encoded: RGB, uint8 (H, W, 3), and the key under which its features are kept."""

    key: str
    rgb: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class _Question:
    """What is decoded: an image's features, the hidden states of a question about it, (n, D), and where it lies."""

    features: ImageFeatures
    hidden: Tensor
    bounds: Bounds | None


class BatchedModel:
    """Thread-safe. Call it in inference mode, in every thread: any caller may compute for the others.

    Args:
        model: in evaluation mode.
        kept: features by key; what is encoded is put there.
        max_size: images, or questions, computed together at most; with 1, results are those of the model bit for bit.
        lock: of the device.
    """

    def __init__(self, model: SegEarth, kept: FeatureCache[ImageFeatures], *, max_size: int, lock: ComputeLock) -> None:
        self._model = model
        self._kept = kept
        parameter = next(model.parameters())
        self._device, self._dtype = parameter.device, parameter.dtype
        self._encoder = Batcher(self._encode, max_size=max_size, lock=lock)
        self._decoder = Batcher(self._decode, max_size=max_size, lock=lock)

    @property
    def waiting(self) -> int:
        """Pictures and questions that nobody computes yet."""
        return self._encoder.waiting + self._decoder.waiting

    def encode(self, key: str, rgb: NDArray[np.uint8], cancellation: Cancellation) -> ImageFeatures:
        """Return the features of a picture, batch of one.

        Args:
            key: names the picture.
            rgb: uint8, (H, W, 3).
            cancellation: looked at while others compute.

        Raises:
            SegmentationCancelledError: `cancellation` was set.
        """
        return self._encoder.compute(_Picture(key, rgb), cancellation)

    def decode(
        self, features: ImageFeatures, hidden: Tensor, cancellation: Cancellation, bounds: Bounds | None = None
    ) -> MaskPrediction:
        """Return the answer to a question, batch of one; without what the mask decoder had before its last layer.

        Args:
            features: of the image, batch of one.
            hidden: hidden states of the question, (n, D).
            cancellation: as for `encode`.
            bounds: of the picture in the larger one that the question is about; None where it is all of it.

        Raises:
            SegmentationCancelledError: `cancellation` was set.
        """
        return self._decoder.compute(_Question(features, hidden, bounds), cancellation)

    def _encode(self, pictures: Sequence[_Picture]) -> list[ImageFeatures]:
        """Return the features of each picture, computed once where several turns ask for the same, and keep them."""
        found = ((picture.key, self._kept.get(picture.key)) for picture in pictures)
        known = {key: features for key, features in found if features is not None}
        new = {picture.key: picture for picture in pictures if picture.key not in known}
        if new:
            images = fit_pictures([one.rgb for one in new.values()], self._model.config, device=self._device)
            encoded = split_features(self._model.encode(images.to(self._dtype)))
            for key, features in zip(new, encoded, strict=True):
                self._kept.put(key, features)
                known[key] = features
        return [known[picture.key] for picture in pictures]

    def _decode(self, questions: Sequence[_Question]) -> list[MaskPrediction]:
        features = join_features([question.features for question in questions])
        descriptions = torch.stack([self._describe(question.hidden) for question in questions]).to(features.res5.dtype)
        bounds = None
        if any(question.bounds is not None for question in questions):
            bounds = torch.tensor([question.bounds or _WHOLE for question in questions], device=self._device)
        return split_prediction(self._model.decode(features, descriptions, bounds))

    def _describe(self, hidden: Tensor) -> Tensor:
        """Return the description, (1, D), of a question's hidden states, (n, D)."""
        is_question = torch.ones(1, len(hidden), dtype=torch.bool, device=hidden.device)
        return describe(hidden[None], is_question, self._model.config.projector)
