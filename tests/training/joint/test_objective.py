"""The parts of the loss, against what is worked out by hand."""

import pytest
import torch
from torch.nn import functional

from serving.language.sequence import IGNORED_LABEL
from serving.model.features import MaskPrediction
from training.joint.experiment import LossConfig
from training.joint.objective import select_predictors, supervise_masks, supervise_presence
from training.losses import PointLossConfig

X = IGNORED_LABEL


def test_each_position_predicts_the_label_after_it() -> None:
    labels = torch.tensor([[X, X, 5, 6, X], [X, X, X, 7, 8]])

    is_predictor, wanted = select_predictors(labels)

    assert is_predictor.tolist() == [[False, True, True, False, False], [False, False, True, True, False]]
    assert wanted.tolist() == [5, 6, 7, 8]


def test_every_prediction_of_the_decoder_is_supervised() -> None:
    torch.manual_seed(0)
    logits = torch.full((2, 3, 64, 64), 2.0)
    targets = torch.ones(2, 3, 128, 128)
    config = LossConfig(points=PointLossConfig(points=400, importance=0.0))

    one, _ = supervise_masks(MaskPrediction(logits, (), None), targets, config)
    three, dice = supervise_masks(MaskPrediction(logits, (logits, logits), None), targets, config)

    # A constant logit of 2 where all is target: log(1 + e^-2) at each point, but for points next to the border, whose
    # samples mix with the zero outside.
    expected = 5 * float(functional.softplus(torch.tensor(-2.0)))
    assert float(one) == pytest.approx(expected, rel=0.1)
    assert float(three) == pytest.approx(3 * float(one), rel=0.05)
    assert 0 < float(dice) < 15


def test_a_model_that_does_not_say_whether_it_is_there_has_no_such_loss() -> None:
    is_present = torch.tensor([[True, False]])
    logits = torch.zeros(1, 2, 4, 4)

    without = supervise_presence(MaskPrediction(logits, (), None), is_present, LossConfig())
    unsure = supervise_presence(MaskPrediction(logits, (), torch.zeros(1, 2)), is_present, LossConfig())

    assert float(without) == 0
    assert float(unsure) == pytest.approx(2 * 0.6931, abs=1e-3)
