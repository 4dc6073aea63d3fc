"""The presence threshold that serves best."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.validation import QuickScore, choose_presence_threshold, summarise


def _score(presence: float, iou: float, *, empty: bool = False, unmarked: bool = False) -> QuickScore:
    return QuickScore("negative" if empty else "class", empty, presence, iou, unmarked)


def test_a_withheld_mask_is_right_only_where_nothing_was_to_be_marked() -> None:
    assert _score(0.2, 0.0, empty=True).iou_at(0.5) == 1.0
    assert _score(0.2, 0.8).iou_at(0.5) == 0.0
    assert _score(0.7, 0.8).iou_at(0.5) == 0.8
    assert _score(0.7, 0.0, empty=True).iou_at(0.5) == 0.0
    assert _score(0.7, 0.0, unmarked=True).iou_at(0.5) == 0.0


def test_figures_are_means_of_their_groups() -> None:
    report = summarise([_score(0.9, 0.6), _score(0.9, 0.2), _score(0.1, 0.0, empty=True)], 0.5)
    assert report.present == pytest.approx(0.4)
    assert report.absent == 1.0
    assert report.giou == pytest.approx(1.8 / 3)
    assert report.kinds == {"class": pytest.approx(0.4), "negative": 1.0}


def test_the_threshold_separates_what_can_be_separated() -> None:
    scores = [_score(0.33, 0.9), _score(0.8, 0.9), _score(0.22, 0.0, empty=True), _score(0.05, 0.0, empty=True)]
    assert 0.22 < choose_presence_threshold(scores) <= 0.33


@given(
    rows=st.lists(
        st.builds(_score, st.floats(0, 1), st.floats(0, 1), empty=st.booleans(), unmarked=st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_no_candidate_is_better(rows: list[QuickScore]) -> None:
    best = summarise(rows, choose_presence_threshold(rows)).giou
    assert all(summarise(rows, round(0.05 * step, 2)).giou <= best + 1e-12 for step in range(1, 20))
