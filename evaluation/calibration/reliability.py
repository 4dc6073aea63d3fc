"""How far stated probabilities are from how often they come true, and the temperature that brings them nearest.

Source: expected calibration error and temperature scaling, Guo et al. 2017 (arXiv 1706.04599), for yes-or-no
statements: a bin compares the mean probability of "yes" with the share of "yes" in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit

BINS = 15

# Outside of these a model is broken rather than over- or under-confident; also the end for one that is never wrong.
_COOLEST, _HOTTEST = 0.1, 10.0


@dataclass(frozen=True, eq=False)
class Statements:
    """What was stated, and what came of it.

    Attributes:
        logits: float64 (N,), before any temperature.
        outcomes: float64 (N,), 0..1: the share of cases in which "yes" was right.
        weights: float64 (N,), not negative: how much each counts.
    """

    logits: NDArray[np.float64]
    outcomes: NDArray[np.float64]
    weights: NDArray[np.float64]

    def state_probabilities(self, temperature: float) -> NDArray[np.float64]:
        """Return what is stated under a temperature, 0..1, (N,)."""
        probabilities: NDArray[np.float64] = expit(self.logits / temperature)
        return probabilities


@dataclass(frozen=True)
class ReliabilityBin:
    """Statements of about the same probability.

    Attributes:
        probability: their weighted mean, 0..1.
        frequency: how often they were right, weighted, 0..1.
        share: of the weight of all statements, 0..1.
    """

    probability: float
    frequency: float
    share: float


def sort_into_bins(
    probabilities: NDArray[np.float64], outcomes: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[ReliabilityBin, ...]:
    """Return the bins of equal width, 15 over 0..1, that hold any statement, from the lowest on.

    Args:
        probabilities: stated, 0..1, (N,).
        outcomes: 0..1, (N,).
        weights: not negative, (N,).
    """
    positions = np.minimum((probabilities * BINS).astype(np.intp), BINS - 1)
    sums = [np.bincount(positions, values * weights, BINS) for values in (probabilities, outcomes)]
    in_bin = np.bincount(positions, weights, BINS)
    total = in_bin.sum()
    return tuple(
        ReliabilityBin(float(stated / weight), float(right / weight), float(weight / total))
        for stated, right, weight in zip(*sums, in_bin, strict=True)
        if weight > 0
    )


def measure_ece(bins: Sequence[ReliabilityBin]) -> float:
    """Return the expected calibration error, 0..1: the mean distance of probability and frequency over the bins."""
    return sum(one.share * abs(one.probability - one.frequency) for one in bins)


def fit_temperature(statements: Statements) -> float:
    """Return the temperature, 0.1 to 10, under which the outcomes are likeliest.

    Args:
        statements: at least one with a weight.
    """
    logits, outcomes, weights = statements.logits, statements.outcomes, statements.weights

    def surprise(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        return float((weights * (np.logaddexp(0.0, scaled) - outcomes * scaled)).sum() / weights.sum())

    found = minimize_scalar(surprise, bounds=(np.log(_COOLEST), np.log(_HOTTEST)), method="bounded")
    return float(np.exp(found.x))
