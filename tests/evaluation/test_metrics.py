from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.masks.agreement import Agreement
from evaluation.metrics import THRESHOLDS, Score, ciou, empty_accuracy, giou, precision_at, score_answer

GOLDEN = Path(__file__).parents[1] / "golden" / "mini.npz"
# The reference keeps its sums in float32.
GOLDEN_TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def golden_scores() -> list[Score]:
    with np.load(GOLDEN) as golden:
        predicted, target = golden["metrics/pred"].astype(np.bool_), golden["metrics/gt"].astype(np.bool_)
    return [score_answer(one, other) for one, other in zip(predicted, target, strict=True)]


def golden_value(name: str) -> list[float]:
    with np.load(GOLDEN) as golden:
        return [float(value) for value in golden[f"metrics/{name}"]]


def test_giou_is_the_references(golden_scores: list[Score]) -> None:
    assert giou(golden_scores) == pytest.approx(golden_value("giou")[0], abs=GOLDEN_TOLERANCE)


def test_ciou_is_the_references(golden_scores: list[Score]) -> None:
    assert ciou(golden_scores) == pytest.approx(golden_value("ciou")[0], abs=GOLDEN_TOLERANCE)


def test_precision_is_the_references(golden_scores: list[Score]) -> None:
    precision = [precision_at(golden_scores, threshold) for threshold in THRESHOLDS]
    assert precision == pytest.approx(golden_value("pr"), abs=GOLDEN_TOLERANCE)


def test_pixel_sums_are_the_references(golden_scores: list[Score]) -> None:
    # The reference counts background first, the thing asked for second.
    assert sum(score.agreement.intersection_px for score in golden_scores) == golden_value("inter")[1]
    assert sum(score.agreement.union_px for score in golden_scores) == golden_value("union")[1]


def test_figures_of_a_case_worked_by_hand() -> None:
    scores = [
        Score(Agreement(30, 40), is_target_empty=False),  # IoU 0.75
        Score(Agreement(10, 60), is_target_empty=False),  # IoU 0.1667
        Score(Agreement(0, 0), is_target_empty=True),  # both empty: 1
        Score(Agreement(0, 20), is_target_empty=True),  # marked something where nothing is: 0
    ]
    assert giou(scores) == pytest.approx((0.75 + 1 / 6 + 1 + 0) / 4, abs=1e-6)
    assert ciou(scores) == pytest.approx(40 / 120)
    assert precision_at(scores, 0.7) == 0.5
    assert empty_accuracy(scores) == 0.5


def test_precision_is_strict() -> None:
    # 1 is reached exactly by two empty masks only.
    scores = [Score(Agreement(0, 0), is_target_empty=True)]
    assert precision_at(scores, 0.999) == 1.0
    assert precision_at(scores, 1.0) == 0.0


def test_an_empty_answer_to_something_present_is_not_rightly_empty() -> None:
    missed = score_answer(np.zeros((2, 2), dtype=np.bool_), np.ones((2, 2), dtype=np.bool_))
    assert not missed.is_rightly_empty
    assert empty_accuracy([missed]) is None


def test_a_set_without_any_pixel_has_no_ciou_to_speak_of() -> None:
    assert ciou([Score(Agreement(0, 0), is_target_empty=True)]) == 0.0


def test_without_answers_there_are_no_figures() -> None:
    assert (giou([]), ciou([]), precision_at([], 0.5), empty_accuracy([])) == (None, None, None, None)


@given(
    counts=st.lists(
        st.integers(0, 50).flatmap(lambda union: st.tuples(st.integers(0, union), st.just(union))), min_size=1
    )
)
def test_figures_stay_in_range_and_precision_falls_with_the_threshold(counts: list[tuple[int, int]]) -> None:
    scores = [Score(Agreement(*count), is_target_empty=count[1] == 0) for count in counts]
    for figure in (giou(scores), ciou(scores)):
        assert figure is not None
        assert 0.0 <= figure <= 1.0
    precision = [precision_at(scores, threshold) or 0.0 for threshold in THRESHOLDS]
    assert precision == sorted(precision, reverse=True)
