"""Put a pack's questions to an engine and compare what it states, of pixels and of presence, with what is there.

Pixels are those of answers that mark something, since only these are shown; each answer counts the same, whatever its
size. "Score" is the confidence that stands beside an answer: the share of marked pixels that are right, and for an
empty answer whether it is right.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from evaluation.calibration.reliability import ReliabilityBin, Statements, fit_temperature, measure_ece, sort_into_bins
from evaluation.errors import PackEmptyError
from evaluation.packs.pack import Pack, PackQuestion
from evaluation.packs.report import MeasuredEngine, refer_to_file
from serving.calibration import Temperatures
from serving.cancellation import Cancellation

_CELL = 0.05  # width of the cells in which pixels are counted by their logit
_FURTHEST = 20.0  # beyond it, 2e-9 from certain, logits are counted as if there
_CERTAIN = 1e-7  # a probability stated in float32 is no nearer to 0 or 1


@dataclass(frozen=True, eq=False)
class Observations:
    """All that was stated about a split.

    Attributes:
        pixels: one statement per cell of logits; None where nothing was marked.
        presence: one per question; None where the model has no word on presence.
        scores: stated score and outcome of each question, (N, 2), as the engine's own temperatures make them.
        answered: questions with a mark.
        temperatures: the engine's own; the logits here are without them.
    """

    pixels: Statements | None
    presence: Statements | None
    scores: NDArray[np.float64]
    answered: int
    temperatures: Temperatures


def observe(
    engine: MeasuredEngine,
    pack: Pack,
    questions: Sequence[PackQuestion],
    *,
    split: str,
    on_answered: Callable[[], None] = lambda: None,
) -> Observations:
    """Ask every question.

    Args:
        engine: what states.
        pack: where targets come from.
        questions: those of one image follow each other.
        split: for the message when there is none.
        on_answered: called after each question.

    Raises:
        PackEmptyError: there is no question.
    """
    if not questions:
        raise PackEmptyError(split=split)
    temperatures = engine.temperatures
    counts, answered = _LogitCounts(), 0
    presences: list[tuple[float, bool]] = []
    scores: list[tuple[float, float]] = []
    for _, of_image in groupby(questions, key=lambda question: question.image):
        group = list(of_image)
        image = refer_to_file(pack.image_path(group[0]))
        for question in group:
            prediction = engine.segment(
                image, question.question, cancellation=Cancellation(), report_stage=lambda _: None
            )
            target = pack.load_target(question)
            is_there = bool(target.any())
            if prediction.presence is not None:
                presences.append((prediction.presence, is_there))
            if prediction.found:
                answered += 1
                counts.add(prediction.mask_logits * temperatures.mask, target)
                scores.append((prediction.score, float(target[prediction.mask.pixels].mean())))
            else:
                scores.append((prediction.score, float(not is_there)))
            on_answered()
    return Observations(
        pixels=counts.to_statements() if answered else None,
        presence=_undo(presences, temperatures.presence) if presences else None,
        scores=np.array(scores),
        answered=answered,
        temperatures=temperatures,
    )


def fit_temperatures(observations: Observations) -> Temperatures:
    """Return the temperatures that suit the observations best; the engine's own where there was nothing to see."""
    pixels, presence, own = observations.pixels, observations.presence, observations.temperatures
    return Temperatures(
        mask=own.mask if pixels is None else fit_temperature(pixels),
        presence=own.presence if presence is None else fit_temperature(presence),
    )


def report_calibration(observations: Observations, fitted: Temperatures | None) -> dict[str, object]:
    """Return temperature and ECE without any, with the stored and with the fitted temperatures; ready for JSON.

    Args:
        observations: of a split.
        fitted: what was found for it, when it was looked for.
    """
    own = observations.temperatures
    bins = sort_into_bins(observations.scores[:, 0], observations.scores[:, 1], np.ones(len(observations.scores)))
    return {
        "n": len(observations.scores),
        "answered": observations.answered,
        "pixels": _compare(observations.pixels, own.mask, None if fitted is None else fitted.mask),
        "presence": _compare(observations.presence, own.presence, None if fitted is None else fitted.presence),
        "score": {"ece": measure_ece(bins)},
    }


def bin_statements(statements: Statements, temperature: float) -> tuple[ReliabilityBin, ...]:
    """Return the bins of what is stated under a temperature."""
    return sort_into_bins(statements.state_probabilities(temperature), statements.outcomes, statements.weights)


def _compare(statements: Statements | None, stored: float, fitted: float | None) -> Mapping[str, object] | None:
    if statements is None:
        return None

    def measure(temperature: float) -> dict[str, float]:
        return {"temperature": temperature, "ece": measure_ece(bin_statements(statements, temperature))}

    return {
        "uncalibrated": measure(1.0),
        "stored": measure(stored),
        "fitted": None if fitted is None else measure(fitted),
    }


def _undo(stated: Sequence[tuple[float, bool]], temperature: float) -> Statements:
    """Return probabilities with their outcomes as logits from before the temperature."""
    probabilities = np.array([probability for probability, _ in stated], np.float64)
    outcomes = np.array([outcome for _, outcome in stated], np.float64)
    logits: NDArray[np.float64] = logit(probabilities.clip(_CERTAIN, 1 - _CERTAIN)) * temperature
    return Statements(logits, outcomes, np.ones(len(stated)))


class _LogitCounts:
    """Pixels, counted by their logit and by what they are; a whole split in a few kilobytes."""

    def __init__(self) -> None:
        self._centres = np.arange(-round(_FURTHEST / _CELL), round(_FURTHEST / _CELL) + 1) * _CELL
        self._all = np.zeros(len(self._centres))
        self._right = np.zeros(len(self._centres))

    def add(self, logits: NDArray[np.float32], target: NDArray[np.bool_]) -> None:
        """Count the pixels of one answer, both (H, W); together they count 1."""
        cells = np.rint((np.clip(logits, -_FURTHEST, _FURTHEST) + _FURTHEST) / _CELL).astype(np.intp)
        self._all += np.bincount(cells.ravel(), minlength=len(self._centres)) / target.size
        self._right += np.bincount(cells[target], minlength=len(self._centres)) / target.size

    def to_statements(self) -> Statements:
        """Return one statement per cell that holds a pixel."""
        held = self._all > 0
        return Statements(self._centres[held].astype(np.float64), self._right[held] / self._all[held], self._all[held])
