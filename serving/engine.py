"""The one door into this package: an image and a question in, a mask on the image's own grid out."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from serving.cancellation import Cancellation
from serving.errors import QuestionEmptyError, QuestionTooLongError
from serving.feature_cache import FeatureCache
from serving.image_ref import ImageRef
from serving.imagery.letterbox import Letterbox
from serving.imagery.rendering import load_rendering
from serving.language.backend import LanguageBackend
from serving.mask import Mask
from serving.model.description_projector import describe
from serving.model.features import ImageFeatures, MaskPrediction
from serving.model.normalisation import normalise_images
from serving.model.segearth import SegEarth
from serving.prediction import Prediction

MAX_QUESTION_LENGTH = 2_000
FEATURE_CACHE_BYTES = 1024**3
_WAIT_S = 0.05  # how often somebody who waits for the model looks whether Stop was pressed


class SegEarthEngine:
    """Answers questions about images. Thread-safe: one computation at a time, the others wait their turn.

    Args:
        model: in the precision in which it is to compute.
        backend: the language backbone that belongs to it.
        model_digest: SHA-256 of the weights of both.
        device: where the model computes.
        cache_bytes: bound on the kept image features.
    """

    def __init__(
        self,
        model: SegEarth,
        backend: LanguageBackend,
        *,
        model_digest: str,
        device: torch.device,
        cache_bytes: int = FEATURE_CACHE_BYTES,
    ) -> None:
        self._model = model.to(device).eval()
        self._backend = backend
        self._model_digest = model_digest
        self._device = device
        self._dtype = next(self._model.parameters()).dtype
        self._features: FeatureCache[ImageFeatures] = FeatureCache(cache_bytes)
        self._busy = threading.Lock()

    @property
    def model_digest(self) -> str:
        """SHA-256 of the weights that answer."""
        return self._model_digest

    def segment(
        self,
        image: ImageRef,
        question: str,
        *,
        cancellation: Cancellation,
        report_stage: Callable[[str], None],
    ) -> Prediction:
        """Return the mask that answers `question`; see `assistant.interfaces.Engine`.

        Raises:
            QuestionError: the question is empty or too long.
            ImageError: the image's rendering cannot be read.
            SegmentationCancelledError: somebody pressed Stop.
        """
        return self.segment_text(image, _checked(question), cancellation=cancellation, report_stage=report_stage)

    @torch.inference_mode()
    def segment_text(
        self,
        image: ImageRef,
        text: str,
        *,
        cancellation: Cancellation,
        report_stage: Callable[[str], None],
    ) -> Prediction:
        """Do as `segment`, for any text; the evaluation asks with an empty one to see what the words are worth."""
        seconds: dict[str, float] = {}

        @contextmanager
        def stage(name: str) -> Iterator[None]:
            cancellation.raise_if_cancelled()
            report_stage(name)
            started = time.perf_counter()
            yield
            seconds[name] = time.perf_counter() - started

        with self._turn(cancellation):
            features = self._features.get(image.digest)
            if features is None:
                with stage("read"):
                    rgb = load_rendering(image)
                with stage("encode"):
                    features = self._encode(rgb)
                    self._features.put(image.digest, features)
            with stage("language"):
                hidden = self._backend.prefill_hidden(image.digest, features.visual_tokens[0], text)
            with stage("decode"):
                is_question = torch.ones(1, len(hidden), dtype=torch.bool, device=hidden.device)
                description = describe(hidden[None], is_question, self._model.config.projector)  # (1, D)
                answer = self._model.decode(features, description[None].to(features.res5.dtype))
                prediction = self._to_native(answer, image, seconds)
        # The mapping was handed over before the last stage ended; it now holds that stage too.
        return prediction

    def close(self) -> None:
        """Let go of the language backbone."""
        self._backend.close()

    @contextmanager
    def _turn(self, cancellation: Cancellation) -> Iterator[None]:
        while not self._busy.acquire(timeout=_WAIT_S):
            cancellation.raise_if_cancelled()
        try:
            yield
        finally:
            self._busy.release()

    def _encode(self, rgb: NDArray[np.uint8]) -> ImageFeatures:
        config = self._model.config
        height, width = rgb.shape[:2]
        square = Letterbox(height, width, config.input_size).fit_image(rgb)
        pixels = torch.from_numpy(square)[None].to(self._device)
        images = normalise_images(pixels, config.pixel_mean, config.pixel_std)
        return self._model.encode(images.to(self._dtype))

    def _to_native(self, answer: MaskPrediction, image: ImageRef, seconds: dict[str, float]) -> Prediction:
        config, grid = self._model.config, image.grid
        upsampled = functional.interpolate(
            answer.mask_logits.float(), size=config.input_size, mode="bilinear", align_corners=False
        )
        box = Letterbox(grid.height, grid.width, config.input_size)
        logits = box.restore_logits(upsampled[0, 0].cpu().numpy())
        presence = _presence(answer.presence_logits)
        pixels = logits > _logit(config.mask_threshold)
        if presence < config.presence_threshold:
            pixels = np.zeros_like(pixels)
        found = bool(pixels.any())
        if found:
            certainty = float(_sigmoid(logits[pixels]).mean())
            score = presence * certainty
        else:
            score = 1.0 - presence * float(_sigmoid(logits.max(keepdims=True)).item())
        return Prediction(
            mask=Mask(pixels, grid),
            mask_logits=logits,
            score=score,
            found=found,
            seconds=seconds,
            model_digest=self._model_digest,
        )


def _checked(question: str) -> str:
    text = question.strip()
    if not text:
        raise QuestionEmptyError
    if len(text) > MAX_QUESTION_LENGTH:
        raise QuestionTooLongError(length=len(text), limit=MAX_QUESTION_LENGTH)
    return text


def _presence(logits: Tensor | None) -> float:
    """Probability that the thing asked for is in the image; 1 where the model has no presence head."""
    return 1.0 if logits is None else float(logits[0, 0].float().sigmoid())


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(torch.from_numpy(np.ascontiguousarray(logits)).sigmoid().numpy(), np.float32)


def _logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))
