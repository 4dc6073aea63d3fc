import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from evaluation.calibration.reliability import ReliabilityBin, Statements, fit_temperature, measure_ece, sort_into_bins


def _ece(probabilities: list[float], outcomes: list[float], weights: list[float] | None = None) -> float:
    given_weights = np.ones(len(outcomes)) if weights is None else np.array(weights)
    return measure_ece(sort_into_bins(np.array(probabilities), np.array(outcomes), given_weights))


def test_three_quarters_that_come_true_half_of_the_time_are_a_quarter_off() -> None:
    assert _ece([0.75] * 4, [1, 1, 0, 0]) == pytest.approx(0.25)


def test_bins_count_by_how_many_statements_they_hold() -> None:
    # Three statements of 0.9 of which all are right (0.1 off), one of 0.2 that is right (0.8 off).
    assert _ece([0.9, 0.9, 0.9, 0.2], [1, 1, 1, 1]) == pytest.approx(0.75 * 0.1 + 0.25 * 0.8)


def test_errors_in_opposite_directions_cancel_within_a_bin_alone() -> None:
    assert _ece([0.5, 0.5], [1, 0]) == pytest.approx(0.0)
    assert _ece([0.3, 0.7], [1, 0]) == pytest.approx(0.7)


def test_weights_count_as_repetitions() -> None:
    assert _ece([0.9, 0.2], [1, 1], [3, 1]) == pytest.approx(_ece([0.9, 0.9, 0.9, 0.2], [1, 1, 1, 1]))


def test_certainty_falls_into_the_last_of_15_bins() -> None:
    assert sort_into_bins(np.array([1.0, 0.9375]), np.array([1.0, 0.0]), np.ones(2)) == (
        ReliabilityBin(probability=0.96875, frequency=0.5, share=1.0),
    )
    assert len(sort_into_bins(np.linspace(0, 1, 200), np.zeros(200), np.ones(200))) == 15


@given(true=st.floats(0.3, 6.0), seed=st.integers(0, 2**16))
def test_the_fit_finds_the_temperature_of_an_overconfident_model(true: float, seed: int) -> None:
    honest = np.random.default_rng(seed).normal(0, 2, 300)
    # The share that comes true is exactly what the honest logit says; the model states it too loudly or too softly.
    statements = Statements(honest * true, expit(honest), np.ones(300))
    assert fit_temperature(statements) == pytest.approx(true, rel=0.01)


def test_the_fitted_temperature_brings_the_ece_down() -> None:
    rng = np.random.default_rng(4)
    honest = rng.normal(0, 2, 20_000)
    came_true = (rng.random(20_000) < expit(honest)).astype(float)
    statements = Statements(honest * 3, came_true, np.ones(20_000))
    before, after = (
        measure_ece(sort_into_bins(statements.state_probabilities(temperature), came_true, statements.weights))
        for temperature in (1.0, fit_temperature(statements))
    )
    assert before > 0.08
    assert after < 0.015


def test_a_model_that_is_never_wrong_becomes_as_certain_as_can_be() -> None:
    assert fit_temperature(Statements(np.array([-2.0, 2.0]), np.array([0.0, 1.0]), np.ones(2))) < 0.2
