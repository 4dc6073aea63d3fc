"""An engine that answers by rule: pixels of the colour that the question names are the thing asked for."""

import hashlib
import re
import threading
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from serving.calibration import Temperatures
from serving.cancellation import Cancellation
from serving.clicks import Box, Click, check_prompts
from serving.errors import QuestionEmptyError, QuestionTooLongError, RefinerMissingError
from serving.image_ref import ImageRef
from serving.mask import Mask
from serving.prediction import Prediction
from serving.refinement.kinds import RefinerKind

LONGEST_QUESTION = 2_000
CERTAIN_LOGIT = 4.0
SCORE_FOUND = 0.93
SCORE_ABSENT = 0.88
POLL_S = 0.005

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "white": (255, 255, 255),
    "black": (0, 0, 0),
}


class FakeEngine:
    """Implements `assistant.interfaces.Engine` without a model.

    A question that names a colour asks for the pixels of that colour, any other question for the red ones. A
    question with the word "nothing" finds nothing, nor does one for a colour that the picture lacks; one with the word
    "doubtful" has an outline and holds it back. A second question on an image skips the stage "encode".

    Args:
        failure: raised instead of an answer, after the "read" stage.
        gate: when given, the call waits in its "language" stage until the gate is set or the work is
            cancelled.

    Attributes:
        waiting: set while (or after) a call stood at the gate, so that a test can press Stop at that moment.
        cancelled: set when a call ended because it was cancelled.
        questions: every question that was answered, in order.
        rated: every text of which meanings were rated, in order.
        refinements: the clicks and the box of every refinement, in order.
        failure: may be set or cleared between calls.
        gate: likewise.
    """

    def __init__(self, *, failure: Exception | None = None, gate: threading.Event | None = None) -> None:
        self.failure = failure
        self.gate = gate
        self.waiting = threading.Event()
        self.cancelled = threading.Event()
        self.questions: list[str] = []
        self.refinements: list[tuple[tuple[Click, ...], Box | None]] = []
        self.rated: list[str] = []
        self._encoded: set[str] = set()
        self._lock = threading.Lock()

    @property
    def model_digest(self) -> str:
        """SHA-256 of the rule's name."""
        return hashlib.sha256(b"red pixels are the target").hexdigest()

    @property
    def temperatures(self) -> Temperatures:
        """The rule's certainty is taken as it is."""
        return Temperatures()

    def segment(
        self,
        image: ImageRef,
        question: str,
        *,
        cancellation: Cancellation,
        report_stage: Callable[[str], None],
    ) -> Prediction:
        """Mark the pixels of the colour that `question` names; see the class."""
        if not question.strip():
            raise QuestionEmptyError
        if len(question) > LONGEST_QUESTION:
            raise QuestionTooLongError(length=len(question), limit=LONGEST_QUESTION)
        return self.segment_text(image, question, cancellation=cancellation, report_stage=report_stage)

    def segment_text(
        self,
        image: ImageRef,
        text: str,
        *,
        cancellation: Cancellation,
        report_stage: Callable[[str], None],
    ) -> Prediction:
        """Do as `segment`, for any text; without words the red pixels are the target."""
        seconds = {"read": 0.01, "language": 0.02, "decode": 0.03}
        self._enter("read", cancellation, report_stage)
        with Image.open(image.rendering_path) as picture:
            rgb = np.asarray(picture.convert("RGB"))
        if self.failure is not None:
            raise self.failure
        with self._lock:
            is_new = image.digest not in self._encoded
            self._encoded.add(image.digest)
        if is_new:
            self._enter("encode", cancellation, report_stage)
            seconds["encode"] = 0.5
        self._enter("language", cancellation, report_stage)
        self._wait_at_gate(cancellation)
        self._enter("decode", cancellation, report_stage)
        pixels = find_target(rgb, text)
        found = bool(pixels.any()) and "doubtful" not in text
        with self._lock:
            self.questions.append(text)
        return Prediction(
            mask=Mask(pixels & found, image.grid),
            mask_logits=np.where(pixels, CERTAIN_LOGIT, -CERTAIN_LOGIT).astype(np.float32),
            score=SCORE_FOUND if found else SCORE_ABSENT,
            found=found,
            seconds=seconds,
            model_digest=self.model_digest,
            presence=SCORE_FOUND if found else 1 - SCORE_ABSENT,
        )

    def rate_meanings(self, said: str, phrases: Sequence[str], *, cancellation: Cancellation) -> Sequence[float]:
        """Rate each phrase by how many of its words were said; a failure is raised here too."""
        cancellation.raise_if_cancelled()
        if self.failure is not None:
            raise self.failure
        self.rated.append(said)
        words = set(re.findall(r"[a-z]+", said.lower()))
        return [float(len(words & set(re.findall(r"[a-z]+", phrase.lower())))) for phrase in phrases]

    @property
    def refiner_kind(self) -> RefinerKind:
        """A rule, so the classical one."""
        return RefinerKind.CLASSICAL

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
        """Add or remove the connected pixels of the colour that was clicked on; add the red ones in the box."""
        inner_box = check_prompts(clicks, box, image.grid)
        if prior is not None and prior.grid != image.grid:
            raise ValueError("the prior mask lies on another grid than the image")
        self._enter("read", cancellation, report_stage)
        with Image.open(image.rendering_path) as picture:
            rgb = np.asarray(picture.convert("RGB"))
        if self.failure is not None:
            raise self.failure
        self._enter("refine", cancellation, report_stage)
        self._wait_at_gate(cancellation)
        cancellation.raise_if_cancelled()
        pixels = np.zeros(rgb.shape[:2], np.bool_) if prior is None else prior.pixels.copy()
        if inner_box is not None:
            rows, cols = inner_box.rows_cols
            pixels[rows, cols] |= find_target(rgb[rows, cols], "red")
        for click in clicks:
            pixels[find_same_colour(rgb, click)] = click.is_positive
        with self._lock:
            self.refinements.append((tuple(clicks), box))
        found = bool(pixels.any())
        return Prediction(
            mask=Mask(pixels, image.grid),
            mask_logits=np.where(pixels, CERTAIN_LOGIT, -CERTAIN_LOGIT).astype(np.float32),
            score=SCORE_FOUND if found else SCORE_ABSENT,
            found=found,
            seconds={"read": 0.01, "refine": 0.02},
            model_digest=self.model_digest,
        )

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
        """Do as `refine`; there is the classical one alone."""
        if kind is not RefinerKind.CLASSICAL:
            raise RefinerMissingError(kind)
        return self.refine(image, prior, clicks=clicks, box=box, cancellation=cancellation, report_stage=report_stage)

    def _enter(self, stage: str, cancellation: Cancellation, report_stage: Callable[[str], None]) -> None:
        if cancellation.is_cancelled:
            self.cancelled.set()
        cancellation.raise_if_cancelled()
        report_stage(stage)

    def _wait_at_gate(self, cancellation: Cancellation) -> None:
        if self.gate is None:
            return
        self.waiting.set()
        while not self.gate.wait(POLL_S) and not cancellation.is_cancelled:
            pass


def find_target(rgb: NDArray[np.uint8], question: str) -> NDArray[np.bool_]:
    """Return the pixels, bool (H, W), of the colour that `question` names (red unless it names one).

    Args:
        rgb: uint8, (H, W, 3).
        question: any text; with the word "nothing" no pixel is the target.
    """
    words = re.findall(r"[a-z]+", question.lower())
    if "nothing" in words:
        return np.zeros(rgb.shape[:2], dtype=np.bool_)
    colour = next((word for word in words if word in COLOURS), "red")
    distance = np.abs(rgb.astype(np.int16) - np.array(COLOURS[colour], dtype=np.int16)).max(axis=2)
    # 60: a JPEG of a pure colour stays within it, other pure colours are 255 away.
    pixels: NDArray[np.bool_] = distance <= 60
    return pixels


def find_same_colour(rgb: NDArray[np.uint8], click: Click) -> NDArray[np.bool_]:
    """Return the connected pixels, bool (H, W), whose colour is that under the click."""
    alike = np.abs(rgb.astype(np.int16) - rgb[click.row_col].astype(np.int16)).max(axis=2) <= 60
    labels, _ = ndimage.label(alike)
    pixels: NDArray[np.bool_] = labels == labels[click.row_col]
    return pixels
