"""The one door into this package: an image and a question in, a mask on the image's own grid out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from serving.batched_model import BatchedModel
from serving.calibration import Temperatures
from serving.cancellation import Cancellation
from serving.clicks import Box, Click, check_prompts
from serving.compute_lock import ComputeLock
from serving.errors import QuestionEmptyError, QuestionTooLongError, RefinerMissingError
from serving.feature_cache import FeatureCache
from serving.grid import Grid
from serving.image_ref import ImageRef
from serving.imagery.rendering import load_rendering
from serving.imagery.tiling import Tiling, locate_tile
from serving.language.backend import LanguageBackend
from serving.language.meanings import rate_meanings
from serving.looks import Look, choose_tiling, join_looks, restore_look
from serving.mask import Mask
from serving.model.features import ImageFeatures
from serving.model.refiner import ClickRefiner
from serving.model.segearth import SegEarth
from serving.prediction import Prediction
from serving.refinement.classical import refine_classically
from serving.refinement.kinds import RefinerKind
from serving.refinement.learned import LearnedRefiner
from serving.refinement.merging import agree_with_mask
from serving.refinement.prompted import PromptedRefiner
from serving.refinement.suggestions import Embedding, Suggester
from serving.segment_anything.mobile_sam import MobileSam
from serving.stages import Stages
from serving.window import Window

MAX_QUESTION_LENGTH = 2_000
FEATURE_CACHE_BYTES = 1024**3
_RENDERING_CACHE_BYTES = 256 * 1024**2
_EMBEDDING_CACHE_BYTES = 256 * 1024**2


_Refiner = TypeVar("_Refiner", LearnedRefiner, PromptedRefiner)


@dataclass(frozen=True, eq=False)
class _Rendering:
    rgb: NDArray[np.uint8]

    @property
    def size_bytes(self) -> int:
        return self.rgb.nbytes


class SegEarthEngine:
    """Answers questions about images. Thread-safe: one computation at a time, the others wait their turn.

    What turns ask for at the same time of the encoder, or of the mask decoder, is computed together.

    Args:
        model: in the precision in which it is to compute.
        backend: the language backbone that belongs to it.
        model_digest: SHA-256 of the weights of both.
        device: where the model computes.
        cache_bytes: bound on the kept image features.
        batch_size: images that are encoded, or questions whose masks are decoded, together at most.
        refiner: the learned refiner that reads this model's features, or None.
        sam: suggests to a refiner that reads suggestions; without a refiner, it answers clicks itself. Without either,
            the classical one does.
        max_tiles: in which a large image is looked at beside the whole, at most; 0 for one look whatever the size, as
            SegEarth-R1's own weights were trained and measured.
    """

    def __init__(
        self,
        model: SegEarth,
        backend: LanguageBackend,
        *,
        model_digest: str,
        device: torch.device,
        cache_bytes: int = FEATURE_CACHE_BYTES,
        batch_size: int = 1,
        refiner: ClickRefiner | None = None,
        sam: MobileSam | None = None,
        max_tiles: int = 0,
    ) -> None:
        self._model = model.to(device).eval()
        self._backend = backend
        self._model_digest = model_digest
        # On its own it is small, and in float32 in every precision of the model.
        self._suggester = None if sam is None else Suggester(sam.to(device).eval())
        self._learned = None
        if refiner is not None:
            self._learned = LearnedRefiner(refiner.to(device).eval(), model.config.input_size, self._suggester)
        self._prompted = None if self._suggester is None else PromptedRefiner(self._suggester)
        self._max_tiles = max_tiles
        self._features: FeatureCache[ImageFeatures] = FeatureCache(cache_bytes)
        self._embeddings: FeatureCache[Embedding] = FeatureCache(_EMBEDDING_CACHE_BYTES)
        self._renderings: FeatureCache[_Rendering] = FeatureCache(_RENDERING_CACHE_BYTES)
        self._usual_ratings: dict[str, float] = {}
        self._busy = ComputeLock()
        self._batched = BatchedModel(self._model, self._features, max_size=batch_size, lock=self._busy)

    @property
    def model_digest(self) -> str:
        """SHA-256 of the weights that answer."""
        return self._model_digest

    @property
    def temperatures(self) -> Temperatures:
        """By what the logits behind confidence and score are divided."""
        return Temperatures(self._model.config.mask_temperature, self._model.config.presence_temperature)

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
        stages = Stages(cancellation, report_stage)
        whole = Window(0, 0, image.grid.height, image.grid.width)
        features = self._features_of(image, whole, stages, cancellation)
        with stages.enter("language"):
            hidden = self._backend.prefill_hidden(
                image.digest, features.visual_tokens[0], text, cancellation=cancellation
            )
        with stages.enter("decode"):
            answer = self._batched.decode(features, hidden, cancellation)
            look = restore_look(answer, whole, self._model.config.input_size)
        tiling = choose_tiling(image.grid, self._model.config.input_size, most=self._max_tiles)
        if tiling is not None:
            look = self._look_closer(image, tiling, hidden, look, stages, cancellation)
        return self._conclude(look, image.grid, stages.seconds)

    def stream_text(
        self, image: ImageRef, question: str, *, max_tokens: int, cancellation: Cancellation
    ) -> Iterator[str]:
        """Yield the language model's reply to a question about an image, in pieces; not measured, and not a mask.

        Raises:
            QuestionError: the question is empty or too long.
            ImageError: the image's rendering cannot be read.
            LanguageUnavailableError: the language model writes no text, or cannot answer now.
            SegmentationCancelledError: somebody pressed Stop.
        """
        text = _checked(question)
        with torch.inference_mode():
            whole = Window(0, 0, image.grid.height, image.grid.width)
            features = self._features_of(image, whole, Stages(cancellation, lambda _: None), cancellation)
        yield from self._backend.stream_text(
            image.digest, features.visual_tokens[0], text, max_tokens=max_tokens, cancellation=cancellation
        )

    def rate_meanings(self, said: str, phrases: Sequence[str], *, cancellation: Cancellation) -> Sequence[float]:
        """Return how well each phrase says what somebody meant; see `assistant.interfaces.Proposer`.

        Raises:
            LanguageUnavailableError: the language model writes no text, or cannot answer now.
            SegmentationCancelledError: somebody pressed Stop.
        """
        return rate_meanings(self._backend, said, phrases, self._usual_ratings, cancellation=cancellation)

    @property
    def refiner_kind(self) -> RefinerKind:
        """What answers a click."""
        if self._learned is not None:
            return RefinerKind.LEARNED
        return RefinerKind.CLASSICAL if self._prompted is None else RefinerKind.PROMPTED

    def refine(
        self,
        image: ImageRef,
        prior: Mask | None,
        *,
        clicks: Sequence[Click],
        box: Box | None,
        cancellation: Cancellation,
        report_stage: Callable[[str], None],
    ) -> Prediction:
        """Return `prior`, changed as clicks and a box ask; see `assistant.interfaces.Engine`.

        Args:
            image: an admitted image.
            prior: the mask before, on the image's grid; None for an empty one.
            clicks: in native pixels; each positive one ends inside the mask, each negative one outside.
            box: in native pixels, around a thing to be marked; what lies beside the image is cut off.
            cancellation: looked at between stages.
            report_stage: called with "read", "encode" and "refine" as each begins; what is cached has no stage.

        Raises:
            PromptError: there is neither click nor box, or one lies outside the image.
            ImageError: the image's rendering cannot be read.
            SegmentationCancelledError: somebody pressed Stop.
        """
        return self.refine_by(
            self.refiner_kind,
            image,
            prior,
            clicks=clicks,
            box=box,
            cancellation=cancellation,
            report_stage=report_stage,
        )

    @torch.inference_mode()
    def refine_by(
        self,
        kind: RefinerKind,
        image: ImageRef,
        prior: Mask | None,
        *,
        clicks: Sequence[Click],
        box: Box | None,
        cancellation: Cancellation,
        report_stage: Callable[[str], None],
    ) -> Prediction:
        """Do as `refine`, by the refiner that is named; the evaluation compares them.

        Raises:
            RefinerMissingError: this model has none of that kind.
        """
        inner_box = check_prompts(clicks, box, image.grid)
        if prior is not None and prior.grid != image.grid:
            raise ValueError("the prior mask lies on another grid than the image")
        before = np.zeros((image.grid.height, image.grid.width), np.bool_) if prior is None else prior.pixels
        stages = Stages(cancellation, report_stage)
        rgb = self._read(image, stages)
        if kind is RefinerKind.LEARNED:
            learned = _require(self._learned, kind)
            window = learned.choose_window(image.grid, clicks, inner_box)
            features = self._features_of(image, window, stages, cancellation)
            embedding = self._embed(image, window, stages, cancellation) if learned.reads_suggestions else None
            with stages.enter("refine"), self._busy.hold(cancellation):
                pixels, logits = learned.refine(features, embedding, window, rgb, before, clicks, inner_box)
        elif kind is RefinerKind.PROMPTED:
            prompted = _require(self._prompted, kind)
            window = prompted.choose_window(image.grid, before, clicks, inner_box)
            embedding = self._embed(image, window, stages, cancellation)
            with stages.enter("refine"), self._busy.hold(cancellation):
                pixels, logits = prompted.refine(embedding, window, before, clicks, inner_box)
        else:
            with stages.enter("refine"), self._busy.hold(cancellation):
                pixels = refine_classically(rgb, before, clicks, inner_box)
                logits = agree_with_mask(np.zeros(pixels.shape, np.float32), pixels)
        found = bool(pixels.any())
        return Prediction(
            mask=Mask(pixels, image.grid),
            mask_logits=logits,
            score=float(_sigmoid(logits[pixels]).mean()) if found else float(_sigmoid(-logits).mean()),
            found=found,
            seconds=stages.seconds,
            model_digest=self._model_digest,
        )

    def close(self) -> None:
        """Let go of the language backbone."""
        self._backend.close()

    def _read(self, image: ImageRef, stages: Stages) -> NDArray[np.uint8]:
        kept = self._renderings.get(image.digest)
        if kept is None:
            with stages.enter("read"):
                kept = _Rendering(load_rendering(image))
                self._renderings.put(image.digest, kept)
        return kept.rgb

    def _features_of(
        self, image: ImageRef, window: Window, stages: Stages, cancellation: Cancellation
    ) -> ImageFeatures:
        key = _name_part(image, window)
        features = self._features.get(key)
        if features is None:
            rgb = self._read(image, stages)
            with stages.enter("encode"):
                features = self._batched.encode(key, window.crop(rgb), cancellation)
        return features

    def _embed(self, image: ImageRef, window: Window, stages: Stages, cancellation: Cancellation) -> Embedding:
        """Return what Segment Anything sees in a window, kept or new."""
        assert self._suggester is not None
        key = _name_part(image, window)
        embedding = self._embeddings.get(key)
        if embedding is None:
            rgb = self._read(image, stages)
            with stages.enter("encode"), self._busy.hold(cancellation):
                # Somebody else may have looked at it while this turn waited.
                embedding = self._embeddings.get(key)
                if embedding is None:
                    embedding = self._suggester.look(window.crop(rgb))
                    self._embeddings.put(key, embedding)
        return embedding

    def _look_closer(
        self,
        image: ImageRef,
        tiling: Tiling,
        hidden: Tensor,
        first: Look,
        stages: Stages,
        cancellation: Cancellation,
    ) -> Look:
        """Look at each tile of an image that has been looked at as a whole, and return what is seen in all of them."""
        side = self._model.config.input_size
        rgb = self._read(image, stages)

        def look_at_tiles() -> Iterator[Look]:
            for number, tile in enumerate(tiling.windows, start=1):
                with stages.enter("closer", part=(number, len(tiling))):
                    features = self._batched.encode(_name_part(image, tile), tile.crop(rgb), cancellation)
                    bounds = locate_tile(tile, image.grid.height, image.grid.width, side)
                    answer = self._batched.decode(features, hidden, cancellation, bounds)
                    yield restore_look(answer, tile, side)

        return join_looks(first, tiling, look_at_tiles(), presence_threshold=self._model.config.presence_threshold)

    def _conclude(self, look: Look, grid: Grid, seconds: dict[str, float]) -> Prediction:
        config = self._model.config
        # What is marked is decided on what the network says; what is stated about it is calibrated.
        pixels = look.mask_logits > _logit(config.mask_threshold)
        if look.presence() < config.presence_threshold:
            pixels = np.zeros_like(pixels)
        logits = look.mask_logits / np.float32(self.temperatures.mask)
        presence = look.presence(self.temperatures.presence)
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
            presence=None if look.presence_logit is None else presence,
        )


def _require(refiner: _Refiner | None, kind: RefinerKind) -> _Refiner:
    if refiner is None:
        raise RefinerMissingError(kind)
    return refiner


def _name_part(image: ImageRef, window: Window) -> str:
    """Return the key under which the features of a part of an image are kept."""
    return image.digest if window.covers(image.grid) else f"{image.digest}@{window}"


def _checked(question: str) -> str:
    text = question.strip()
    if not text:
        raise QuestionEmptyError
    if len(text) > MAX_QUESTION_LENGTH:
        raise QuestionTooLongError(length=len(text), limit=MAX_QUESTION_LENGTH)
    return text


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(torch.from_numpy(np.ascontiguousarray(logits)).sigmoid().numpy(), np.float32)


def _logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))
